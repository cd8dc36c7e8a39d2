package io.infernet.inference.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.StreamSupport;

/** The published dimensions of some models, for measuring speed with weights made up. Stateless. */
public final class KnownDims {

  private static final String RESOURCE = "dims.json";

  private KnownDims() {}

  /** The names it knows, such as {@code qwen2.5-0.5b}, in alphabetical order. */
  public static List<String> names() {
    return StreamSupport.stream(((Iterable<String>) () -> all().fieldNames()).spliterator(), false)
        .sorted()
        .toList();
  }

  /**
   * The {@code config.json} of a model.
   *
   * @throws UnsupportedModelException when it does not know the name
   */
  public static byte[] config(String name) {
    JsonNode config = all().path(name);
    if (!config.isObject()) {
      throw new UnsupportedModelException(
          "no dimensions are known of %s, only of %s"
              .formatted(ConfigReader.shortened(name), String.join(", ", names())));
    }
    return config.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode all() {
    try (InputStream in = KnownDims.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not in the program");
      }
      return BoundedJson.parse(in.readAllBytes(), RESOURCE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
