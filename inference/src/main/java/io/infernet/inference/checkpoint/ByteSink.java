package io.infernet.inference.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes bytes piece by piece. */
@FunctionalInterface
public interface ByteSink {

  /** Takes all bytes that remain in {@code piece}, and keeps no reference to it. */
  void write(ByteBuffer piece) throws IOException;
}
