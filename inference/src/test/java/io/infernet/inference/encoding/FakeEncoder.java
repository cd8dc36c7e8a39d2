package io.infernet.inference.encoding;

import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.ArrayList;
import java.util.List;

/** An encoder without weights: the row of a text is made of its tokens. Remembers its steps. */
public final class FakeEncoder implements Encoder {

  /** Ids end below this. */
  public static final int VOCABULARY = 1000;

  /** The id of a text that becomes no numbers. */
  public static final int NAN = 666;

  /** The id of a text at which the native library fails. */
  public static final int FAILURE = 667;

  private final EncoderHead head;
  private final List<List<Integer>> steps = new ArrayList<>();
  private boolean closed;

  public FakeEncoder(EncoderHead head) {
    this.head = head;
  }

  /** The first ids of the texts of each step. */
  public List<List<Integer>> steps() {
    return steps;
  }

  public boolean closed() {
    return closed;
  }

  @Override
  public int vocabSize() {
    return VOCABULARY;
  }

  @Override
  public int contextLength() {
    return 100;
  }

  @Override
  public long memoryBytes() {
    return 1 << 20;
  }

  @Override
  public EncoderHead head() {
    return head;
  }

  @Override
  public List<float[]> encode(List<TypedTokens> texts) {
    steps.add(texts.stream().map(text -> text.ids().get(0)).toList());
    return texts.stream().map(FakeEncoder::row).toList();
  }

  private static float[] row(TypedTokens text) {
    int first = text.ids().get(0);
    if (first == FAILURE) {
      throw new IllegalStateException("libtorch failed");
    }
    return new float[] {first == NAN ? Float.NaN : first, text.size()};
  }

  @Override
  public void close() {
    closed = true;
  }
}
