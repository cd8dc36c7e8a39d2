package io.infernet.discovery.simulation;

import java.time.Duration;
import java.util.Set;

/**
 * What came out of a {@link DhtSimulation}.
 *
 * @param nodes hosts at a time
 * @param hostile how many of them
 * @param attacks what those did
 * @param seed of the run
 * @param lookups of random keys, while nobody came or went
 * @param providers look-ups at the same time
 * @param replaced nodes that left and were replaced by new ones after that
 * @param providersInChurn look-ups while they did; of keys whose provider was there
 * @param virtualTime how much time passed in the network
 * @param wallTime how long the simulation took
 * @param dials connections that hosts tried to open
 * @param messages sent by all hosts
 * @param bytes sent by all hosts
 * @param peakHeapBytes most memory in use, garbage included
 * @param traceHash a hash of everything that was sent: the same for the same settings and seed
 */
public record DhtResult(
    int nodes,
    int hostile,
    Set<Attack> attacks,
    long seed,
    LookupFigures lookups,
    ProviderFigures providers,
    int replaced,
    ProviderFigures providersInChurn,
    Duration virtualTime,
    Duration wallTime,
    long dials,
    long messages,
    long bytes,
    long peakHeapBytes,
    long traceHash) {}
