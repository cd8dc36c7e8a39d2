package io.infernet.inference.engine;

import java.util.Optional;

/**
 * A model that is ready to run, with room for several sequences. Confined to the engine thread,
 * except for {@link #memoryBytes}; closed there too.
 */
public interface Decoder extends AutoCloseable {

  /** Number of token ids. */
  int vocabSize();

  /** How many sequences it holds at once. */
  int slots();

  /** The most tokens of one sequence. */
  int contextLength();

  /** What its weights and key/value cache take. */
  long memoryBytes();

  /** A new, empty sequence, unless all slots are taken. Its owner closes it. */
  Optional<InferenceSession> openSession();

  @Override
  void close();
}
