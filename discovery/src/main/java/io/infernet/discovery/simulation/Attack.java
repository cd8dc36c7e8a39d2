package io.infernet.discovery.simulation;

/** What hostile nodes do; those of a run do all that was chosen. */
public enum Attack {
  /** Their ids are chosen to be the closest to the keys that are looked for. */
  ECLIPSE,
  /** Their answers name hostile peers and some that do not exist, never an honest one. */
  POISON,
  /** Their answers name false providers, and they announce themselves to everybody for much. */
  SPAM,
  /** Many of them are on one machine, with one IP address. */
  SYBIL
}
