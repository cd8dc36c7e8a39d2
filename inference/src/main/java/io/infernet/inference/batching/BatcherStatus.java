package io.infernet.inference.batching;

/**
 * How busy a {@link ContinuousBatcher} is.
 *
 * @param running answers being made
 * @param waiting answers in the queue
 * @param cacheTokens places in the cache for keys and values
 * @param activeTokens places that answers under way hold
 * @param keptTokens places of ended sequences, free for whoever needs them
 * @param reusedTokens tokens that did not have to be computed, since the model was loaded
 * @param preemptions how often an answer had to rest so that older ones, or other tenants', go on
 */
public record BatcherStatus(
    int running,
    int waiting,
    int cacheTokens,
    int activeTokens,
    int keptTokens,
    long reusedTokens,
    long preemptions) {}
