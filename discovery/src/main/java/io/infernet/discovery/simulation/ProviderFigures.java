package io.infernet.discovery.simulation;

/**
 * How often look-ups of a key found who provides it.
 *
 * @param count look-ups
 * @param found share in which a true provider is among those returned
 */
public record ProviderFigures(int count, double found) {}
