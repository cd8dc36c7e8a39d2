package io.infernet.inference.torchscript;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes pickles by hand, right or wrong. */
final class PickleBytes {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Begins with protocol 2. */
  static PickleBytes start() {
    return new PickleBytes().raw(0x80, 2);
  }

  /** Bytes as they are. */
  PickleBytes raw(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
    return this;
  }

  /** Operations of one letter each. */
  PickleBytes ops(String letters) {
    out.writeBytes(letters.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  PickleBytes global(String module, String name) {
    return ops("c" + module + "\n" + name + "\n");
  }

  PickleBytes text(String text) {
    return ops("X").little(4, text.length()).ops(text);
  }

  PickleBytes number(long value) {
    return raw(0x8a, 8).little(8, value);
  }

  PickleBytes little(int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      raw((int) (value >> (8 * i)) & 0xff);
    }
    return this;
  }

  /** A tensor of float32. */
  PickleBytes tensor(String key, long count, long offset, long[] sizes, long[] strides) {
    global("torch._utils", "_rebuild_tensor_v2").ops("((").text("storage");
    global("torch", "FloatStorage").text(key).text("cpu").number(count).ops("tQ").number(offset);
    for (long[] numbers : new long[][] {sizes, strides}) {
      ops("(");
      for (long number : numbers) {
        number(number);
      }
      ops("t");
    }
    return raw(0x89).global("collections", "OrderedDict").ops(")RtR");
  }

  /** Ends the pickle. */
  byte[] stop() {
    return ops(".").out.toByteArray();
  }
}
