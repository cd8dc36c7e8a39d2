package io.infernet.inference.engine.djl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A TorchScript module that libtorch loads: source text of one class, and its attributes. Written
 * as a zip of {@code code/__torch__.py} (the source), {@code data.pkl} (the attributes), {@code
 * data/N} (the numbers of tensor N), {@code constants.pkl}, {@code version} and {@code byteorder};
 * see libtorch's {@code torch/csrc/jit/docs/serialization.md}. Weights are not in it: the source
 * maps their files. Confined to one thread.
 */
final class TorchScriptArchive {

  /** The qualified name of the module's class, as its source refers to itself. */
  static final String CLASS = "__torch__.Model";

  private static final String ROOT = "model/";

  /** Of the archive and of the operators that its text calls; libtorch reads it since 1.13. */
  private static final String VERSION = "10\n";

  /** An empty tuple: the graph has no constants of its own. */
  private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

  /** The numbers of a tensor in one dimension, as float32. */
  static final class Tensor {

    private final float[] values;

    private Tensor(float[] values) {
      this.values = values;
    }

    static Tensor of(float[] values) {
      return new Tensor(values.clone());
    }

    /** A tensor without numbers, to be replaced by the module itself. */
    static Tensor empty() {
      return of(new float[0]);
    }

    private byte[] bytes() {
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      return bytes.array();
    }
  }

  private final String source;
  private final Map<String, List<Tensor>> lists = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, List<Long>> integerLists = new LinkedHashMap<>();
  private final Map<String, Long> integers = new LinkedHashMap<>();

  /**
   * @param source the text of the class {@value #CLASS}, in TorchScript's serialized form
   */
  TorchScriptArchive(String source) {
    this.source = source;
  }

  /** Sets an attribute of type {@code Tensor}. */
  TorchScriptArchive tensor(String name, Tensor value) {
    tensors.put(name, value);
    return this;
  }

  /** Sets an attribute of type {@code List[Tensor]}, or an empty one of any other list type. */
  TorchScriptArchive list(String name, List<Tensor> values) {
    lists.put(name, List.copyOf(values));
    return this;
  }

  /** Sets an attribute of any list type to an empty list. */
  TorchScriptArchive list(String name) {
    return list(name, List.of());
  }

  /** Sets an attribute of type {@code List[int]}. */
  TorchScriptArchive integers(String name, List<Long> values) {
    integerLists.put(name, List.copyOf(values));
    return this;
  }

  /** Sets an attribute of type {@code int}. */
  TorchScriptArchive integer(String name, long value) {
    integers.put(name, value);
    return this;
  }

  /**
   * Writes the archive into a new file.
   *
   * @throws IOException when the disk fails or is full
   */
  void write(Path file) throws IOException {
    try (StoredZipWriter zip =
        new StoredZipWriter(
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
      PickleWriter pickle = new PickleWriter("__torch__", "Model");
      pickle.attribute("training").bool(false);
      int next = 0;
      for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
        pickle.attribute(entry.getKey());
        add(zip, pickle, next++, entry.getValue());
      }
      for (Map.Entry<String, List<Tensor>> entry : lists.entrySet()) {
        pickle.attribute(entry.getKey());
        if (entry.getValue().isEmpty()) {
          pickle.emptyList();
          continue;
        }
        pickle.beginTensorList();
        for (Tensor tensor : entry.getValue()) {
          add(zip, pickle, next++, tensor);
        }
        pickle.endTensorList();
      }
      integerLists.forEach((name, values) -> pickle.attribute(name).integers(values));
      integers.forEach((name, value) -> pickle.attribute(name).integer(value));
      zip.add(ROOT + "data.pkl", pickle.finish());
      zip.add(ROOT + "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      zip.add(ROOT + "constants.pkl", NO_CONSTANTS);
      zip.add(ROOT + "version", VERSION.getBytes(StandardCharsets.US_ASCII));
      zip.add(ROOT + "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
      zip.finish();
    }
  }

  private static void add(StoredZipWriter zip, PickleWriter pickle, int number, Tensor tensor)
      throws IOException {
    String key = Integer.toString(number);
    pickle.tensor(key, tensor.values.length);
    zip.add(ROOT + "data/" + key, tensor.bytes());
  }
}
