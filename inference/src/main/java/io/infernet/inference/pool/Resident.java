package io.infernet.inference.pool;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.batching.Decoder;
import io.infernet.inference.encoding.Encoder;

/** A model in memory, of either kind. Confined to the engine thread but for its size. */
public sealed interface Resident extends AutoCloseable {

  /** What it takes. */
  long memoryBytes();

  @Override
  void close();

  /** A model that writes. */
  record Writer(Decoder decoder) implements Resident {

    public Writer {
      requireNonNull(decoder, "decoder is null");
    }

    @Override
    public long memoryBytes() {
      return decoder.memoryBytes();
    }

    @Override
    public void close() {
      decoder.close();
    }
  }

  /** A model that reads whole texts. */
  record Reader(Encoder encoder) implements Resident {

    public Reader {
      requireNonNull(encoder, "encoder is null");
    }

    @Override
    public long memoryBytes() {
      return encoder.memoryBytes();
    }

    @Override
    public void close() {
      encoder.close();
    }
  }
}
