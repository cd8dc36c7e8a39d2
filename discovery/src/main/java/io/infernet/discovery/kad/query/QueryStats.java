package io.infernet.discovery.kad.query;

/**
 * What a look-up cost.
 *
 * @param rounds requests that had to wait for one another: a peer's round is one more than that of
 *     the peer that named it first, the first ones' is 1; the largest among the closest peers found
 * @param deepest the largest round of any peer that answered
 * @param asked peers asked
 * @param answered peers that answered
 * @param failed peers that failed or did not answer in time
 */
public record QueryStats(int rounds, int deepest, int asked, int answered, int failed) {}
