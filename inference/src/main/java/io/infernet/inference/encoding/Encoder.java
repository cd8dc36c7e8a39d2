package io.infernet.inference.encoding;

import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.List;

/**
 * A model that reads whole texts, ready to run. Confined to the engine thread, but for the
 * questions about sizes; closed there too.
 */
public interface Encoder extends AutoCloseable {

  /** Number of token ids. */
  int vocabSize();

  /** The most tokens of one text. */
  int contextLength();

  /** What its weights take. */
  long memoryBytes();

  /** What its numbers mean. */
  EncoderHead head();

  /**
   * Reads texts. What comes out for a text does not depend on those beside it, beyond rounding.
   *
   * @param texts at least one, each within the context and the vocabulary
   * @return a row for each text: its vector, or its logits for each label
   * @throws IllegalStateException when the native library fails
   */
  List<float[]> encode(List<TypedTokens> texts);

  @Override
  void close();
}
