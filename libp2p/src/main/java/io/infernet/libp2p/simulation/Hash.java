package io.infernet.libp2p.simulation;

/** A quick hash that spreads well; not a secure one. */
final class Hash {

  private Hash() {}

  /** The state after taking in {@code value}: the finalizer of SplitMix64 over both. */
  static long mix(long state, long value) {
    long z = (state ^ value) + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
