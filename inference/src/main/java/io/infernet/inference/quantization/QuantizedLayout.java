package io.infernet.inference.quantization;

import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.SafetensorsHeader;
import io.infernet.inference.checkpoint.TensorInfo;
import io.infernet.inference.quantization.QuantizedMatrix.Entry;
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

  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, Long> offsets = new LinkedHashMap<>();
  private final byte[] header;
  private final long size;

  QuantizedLayout(Collection<QuantizedMatrix> matrices) {
    matrices.stream().map(QuantizedMatrix::scale).forEach(entries::add);
    matrices.stream()
        .flatMap(matrix -> Stream.concat(matrix.groups().stream(), Stream.of(matrix.weight())))
        .forEach(entries::add);
    List<TensorInfo> tensors = new ArrayList<>();
    long end = 0;
    List<Entry> all = new ArrayList<>();
    all.add(new Entry(CHECKSUMS, DType.U32, List.of((long) entries.size())));
    all.addAll(entries);
    for (Entry entry : all) {
      tensors.add(new TensorInfo(entry.name(), entry.dtype(), entry.shape(), end, entry.bytes()));
      offsets.put(entry.name(), end);
      end = Math.addExact(end, entry.bytes());
    }
    header = SafetensorsHeader.of(tensors).array();
    size = header.length + end;
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
