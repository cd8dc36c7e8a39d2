package io.infernet.inference.pool;

/** The memory of the device that models go to. Safe from any thread; calls may read files. */
public interface Room {

  /** What it is called in a sentence: {@code this machine}, {@code the card}. */
  String name();

  /** Bytes that models may take in all. */
  long capacity();

  /** Bytes that can be had right now without harm to others. */
  long free();
}
