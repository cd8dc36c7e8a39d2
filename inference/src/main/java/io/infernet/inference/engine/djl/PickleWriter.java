package io.infernet.inference.engine.djl;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes the part of Python's pickle protocol 2 that describes a TorchScript module: an object with
 * tensors, lists of tensors and numbers as attributes. Opcodes: CPython {@code Lib/pickle.py}; what
 * libtorch expects: its {@code torch/csrc/jit/serialization/pickler.cpp}. Confined to one thread.
 */
final class PickleWriter {

  private static final int MARK = '(';
  private static final int TUPLE = 't';
  private static final int REDUCE = 'R';
  private static final int EMPTY_TUPLE = ')';
  private static final int EMPTY_LIST = ']';
  private static final int EMPTY_DICT = '}';

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Begins an object of a class, such as {@code __torch__.Model}. */
  PickleWriter(String module, String className) {
    op(0x80);
    op(2);
    global(module, className);
    op(EMPTY_TUPLE);
    op(0x81);
    op(EMPTY_DICT);
    op(MARK);
  }

  /** The name of the attribute that the next call writes. */
  PickleWriter attribute(String name) {
    text(name);
    return this;
  }

  void bool(boolean value) {
    op(value ? 0x88 : 0x89);
  }

  void integer(long value) {
    if (value == (int) value) {
      op('J');
      little(4, value);
    } else {
      op(0x8a);
      op(8);
      little(8, value);
    }
  }

  /**
   * A tensor of float32 in one dimension.
   *
   * @param key name of the file that holds the numbers
   */
  void tensor(String key, int size) {
    global("torch._utils", "_rebuild_tensor_v2");
    op(MARK);
    op(MARK);
    text("storage");
    global("torch", "FloatStorage");
    text(key);
    text("cpu");
    integer(size);
    op(TUPLE);
    op('Q');
    integer(0);
    tuple(size);
    tuple(1);
    bool(false);
    global("collections", "OrderedDict");
    op(EMPTY_TUPLE);
    op(REDUCE);
    op(TUPLE);
    op(REDUCE);
  }

  /** An empty list of anything. */
  void emptyList() {
    op(EMPTY_LIST);
  }

  void integers(List<Long> values) {
    global("torch.jit._pickle", "build_intlist");
    op(MARK);
    op(EMPTY_LIST);
    op(MARK);
    values.forEach(this::integer);
    op('e');
    op(TUPLE);
    op(REDUCE);
  }

  /** Begins a list of tensors; {@link #endTensorList} ends it. */
  void beginTensorList() {
    global("torch.jit._pickle", "build_tensorlist");
    op(MARK);
    op(EMPTY_LIST);
    op(MARK);
  }

  void endTensorList() {
    op('e');
    op(TUPLE);
    op(REDUCE);
  }

  /** Ends the object; returns the whole pickle. */
  byte[] finish() {
    op('u');
    op('b');
    op('.');
    return out.toByteArray();
  }

  private void tuple(long value) {
    op(MARK);
    integer(value);
    op(TUPLE);
  }

  private void global(String module, String name) {
    op('c');
    out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  private void text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    op('X');
    little(4, bytes.length);
    out.writeBytes(bytes);
  }

  private void op(int code) {
    out.write(code);
  }

  private void little(int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >> (8 * i)));
    }
  }
}
