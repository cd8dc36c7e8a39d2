package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Writes the beginning of safetensors files. Stateless. */
public final class SafetensorsHeader {

  /** The data begins at a multiple of this. */
  private static final int ALIGNMENT = 64;

  private SafetensorsHeader() {}

  /**
   * Length and text, with spaces behind, so that the data begins aligned.
   *
   * @param tensors in the order of their data, with no gaps between
   */
  public static ByteBuffer of(List<TensorInfo> tensors) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      for (TensorInfo tensor : tensors) {
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.dtype().name());
        json.writeFieldName("shape");
        long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
        json.writeArray(shape, 0, shape.length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {tensor.offset(), tensor.offset() + tensor.size()}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    while ((out.size() + Long.BYTES) % ALIGNMENT != 0) {
      out.write(' ');
    }
    return ByteBuffer.allocate(Long.BYTES + out.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(out.size())
        .put(out.toByteArray())
        .flip();
  }
}
