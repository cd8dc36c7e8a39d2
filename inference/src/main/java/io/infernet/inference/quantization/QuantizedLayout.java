package io.infernet.inference.quantization;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.quantization.QuantizedMatrix.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where the tensors of a file of quantized matrices lie. The checksums come first, then what has 4
 * bytes a number, then what has one, so that all are aligned with no gaps. Immutable.
 */
final class QuantizedLayout {

  /** The CRC-32C of every other tensor, in their order. */
  static final String CHECKSUMS = "crc32c";

  /** Data begins at a multiple of this. */
  private static final int ALIGNMENT = 64;

  private static final int LENGTH_BYTES = 8;

  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, Long> offsets = new LinkedHashMap<>();
  private final byte[] header;
  private final long size;

  QuantizedLayout(Collection<QuantizedMatrix> matrices) {
    matrices.stream().map(QuantizedMatrix::scale).forEach(entries::add);
    matrices.stream()
        .flatMap(matrix -> Stream.concat(matrix.groups().stream(), Stream.of(matrix.weight())))
        .forEach(entries::add);
    ObjectNode json = new ObjectMapper().createObjectNode();
    long end = 0;
    List<Entry> all = new ArrayList<>();
    all.add(new Entry(CHECKSUMS, DType.U32, List.of((long) entries.size())));
    all.addAll(entries);
    for (Entry entry : all) {
      ObjectNode node = json.putObject(entry.name());
      node.put("dtype", entry.dtype().name());
      entry.shape().forEach(node.putArray("shape")::add);
      offsets.put(entry.name(), end);
      long begin = end;
      end = Math.addExact(end, entry.bytes());
      node.putArray("data_offsets").add(begin).add(end);
    }
    header = header(json);
    size = header.length + end;
  }

  private static byte[] header(ObjectNode json) {
    byte[] text;
    try {
      text = new ObjectMapper().writeValueAsBytes(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int length = LENGTH_BYTES + text.length;
    int padded = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ByteBuffer header = ByteBuffer.allocate(padded).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(padded - LENGTH_BYTES).put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.array();
  }

  /** The tensors, but for the checksums, in their order. */
  List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** What comes before the data. */
  byte[] header() {
    return header.clone();
  }

  /** Where a tensor's first byte lies in the file. */
  long position(String name) {
    return header.length + offsets.get(name);
  }

  /** Size of the file. */
  long size() {
    return size;
  }
}
