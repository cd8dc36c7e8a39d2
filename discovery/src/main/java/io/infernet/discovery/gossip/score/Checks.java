package io.infernet.discovery.gossip.score;

import java.time.Duration;

/** What the parameters of scores have to be. */
final class Checks {

  private Checks() {}

  static void finite(double value, String name) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(name + " is no finite number: " + value);
    }
  }

  static void atLeast(double value, double least, String name) {
    finite(value, name);
    if (value < least) {
      throw new IllegalArgumentException(name + " is below " + least + ": " + value);
    }
  }

  /** A weight that punishes; 0 switches its parameter off. */
  static void notPositive(double value, String name) {
    finite(value, name);
    if (value > 0) {
      throw new IllegalArgumentException(name + " must not be above 0: " + value);
    }
  }

  static void positive(double value, String name) {
    finite(value, name);
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be above 0: " + value);
    }
  }

  static void positive(Duration value, String name) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be above 0: " + value);
    }
  }

  static void notNegative(Duration value, String name) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be below 0: " + value);
    }
  }

  /** A factor by which a counter is multiplied at each decay. */
  static void decay(double value, String name) {
    finite(value, name);
    if (value <= 0 || value >= 1) {
      throw new IllegalArgumentException(name + " must be between 0 and 1: " + value);
    }
  }
}
