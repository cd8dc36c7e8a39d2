package io.infernet.node.batch.file;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * What stands in a line of the output after its id: members of a JSON object. An immutable value.
 */
public final class OutputBody {

  private static final JsonFactory JSON = new JsonFactory();

  /** Writes members into an object that is open. */
  @FunctionalInterface
  interface Members {
    void write(JsonGenerator json) throws IOException;
  }

  private final boolean error;
  private final byte[] bytes;

  private OutputBody(boolean error, byte[] bytes) {
    this.error = error;
    this.bytes = bytes;
  }

  /** A result. */
  static OutputBody of(Members members) {
    return new OutputBody(false, write(members));
  }

  /**
   * Something that has no result: {@code "error":{"code":…,"message":…}}.
   *
   * @param code what programs tell it by
   * @param message for people
   */
  public static OutputBody error(String code, String message) {
    return error(code, message, OptionalLong.empty());
  }

  static OutputBody error(String code, String message, OptionalLong line) {
    requireNonNull(code, "code is null");
    requireNonNull(message, "message is null");
    return new OutputBody(
        true,
        write(
            json -> {
              json.writeObjectFieldStart("error");
              json.writeStringField("code", code);
              json.writeStringField("message", wellFormed(message));
              if (line.isPresent()) {
                json.writeNumberField("line", line.getAsLong());
              }
              json.writeEndObject();
            }));
  }

  /** What was rendered before. */
  static OutputBody stored(boolean error, byte[] bytes) {
    return new OutputBody(error, bytes);
  }

  /** The same with a question mark for every half of a surrogate pair, which UTF-8 cannot have. */
  static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private static byte[] write(Members members) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(128);
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      members.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("memory that cannot be written", e);
    }
    byte[] object = out.toByteArray();
    return Arrays.copyOfRange(object, 1, object.length - 1);
  }

  /** Whether it says why there is no result. */
  public boolean isError() {
    return error;
  }

  /** The members as UTF-8, without braces; not a copy. */
  byte[] bytes() {
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OutputBody that
        && error == that.error
        && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
