package io.infernet.inference.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A decoder whose likeliest next token is the sum of the sequence, modulo the vocabulary. Notes
 * each call as {@code session:tokens}.
 */
final class FakeDecoder implements Decoder {

  static final int VOCABULARY = 50;

  final List<String> calls = new ArrayList<>();
  private final int slots;
  private final int context;
  private int open;
  private int sessions;

  FakeDecoder(int slots, int context) {
    this.slots = slots;
    this.context = context;
  }

  /** The greedy answer to a prompt. */
  static List<Integer> answer(int[] prompt, int length) {
    List<Integer> answer = new ArrayList<>();
    int sum = 0;
    for (int id : prompt) {
      sum += id;
    }
    for (int i = 0; i < length; i++) {
      answer.add(sum % VOCABULARY);
      sum += sum % VOCABULARY;
    }
    return answer;
  }

  @Override
  public int vocabSize() {
    return VOCABULARY;
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public int contextLength() {
    return context;
  }

  @Override
  public long memoryBytes() {
    return 1;
  }

  int open() {
    return open;
  }

  @Override
  public Optional<InferenceSession> openSession() {
    if (open == slots) {
      return Optional.empty();
    }
    open++;
    return Optional.of(new Session(sessions++));
  }

  @Override
  public void close() {}

  private final class Session implements InferenceSession {
    private final int number;
    private int sum;
    private int length;

    Session(int number) {
      this.number = number;
    }

    @Override
    public int length() {
      return length;
    }

    @Override
    public float[] append(int[] ids, boolean all) {
      calls.add(number + ":" + ids.length);
      if (length + ids.length > context) {
        throw new IllegalArgumentException("too long");
      }
      float[] logits = new float[(all ? ids.length : 1) * VOCABULARY];
      for (int i = 0; i < ids.length; i++) {
        sum += ids[i];
        int row = all ? i : 0;
        if (all || i == ids.length - 1) {
          logits[row * VOCABULARY + sum % VOCABULARY] = 3;
        }
      }
      length += ids.length;
      return logits;
    }

    @Override
    public void close() {
      open--;
    }
  }
}
