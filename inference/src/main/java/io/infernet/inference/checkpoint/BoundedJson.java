package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Reads JSON objects and arrays with bounds on size, depth and numbers. Doubled keys are errors,
 * because two readers might take different ones. Stateless.
 */
public final class BoundedJson {

  private static final int MAX_DEPTH = 32;
  private static final int MAX_NUMBER_LENGTH = 64;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .maxStringLength(4 << 20)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private BoundedJson() {}

  /**
   * Reads one object from a file.
   *
   * @param maxBytes the most the file may have
   * @throws DamagedModelException when it is missing, longer, or not a JSON object
   */
  public static JsonNode read(Path file, int maxBytes) {
    return parse(bytes(file, maxBytes), file.toString());
  }

  /**
   * Reads one array from a file.
   *
   * @param maxBytes the most the file may have
   * @throws DamagedModelException when it is missing, longer, or not a JSON array
   */
  public static JsonNode readArray(Path file, int maxBytes) {
    return parse(bytes(file, maxBytes), file.toString(), JsonNodeType.ARRAY);
  }

  private static byte[] bytes(Path file, int maxBytes) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(maxBytes + 1);
    } catch (NoSuchFileException e) {
      throw new DamagedModelException(file + " is missing", e);
    } catch (IOException e) {
      throw new DamagedModelException("cannot read " + file + ": " + e.getMessage(), e);
    }
    if (bytes.length > maxBytes) {
      throw new DamagedModelException(file + " is longer than " + maxBytes + " bytes");
    }
    return bytes;
  }

  /**
   * Reads one object from memory.
   *
   * @param what names the text in errors
   * @throws DamagedModelException when it is not a JSON object
   */
  public static JsonNode parse(byte[] json, String what) {
    return parse(json, what, JsonNodeType.OBJECT);
  }

  private static JsonNode parse(byte[] json, String what, JsonNodeType type) {
    try {
      JsonNode node = MAPPER.readTree(json);
      if (node.getNodeType() != type) {
        throw new DamagedModelException(
            "%s is not a JSON %s".formatted(what, type.name().toLowerCase(Locale.ROOT)));
      }
      return node;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      throw new DamagedModelException(
          what + " is not valid JSON: " + message.lines().findFirst().orElse(""), e);
    }
  }
}
