package io.infernet.inference.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Configurations of tiny decoders, one for each thing in which families differ. */
public final class TinyConfigs {

  private TinyConfigs() {}

  /** Their names. */
  public static List<String> names() {
    List<String> names = new ArrayList<>();
    all().fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** The {@code config.json} of one. */
  public static byte[] of(String name) {
    return all().required(name).toString().getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode all() {
    try (InputStream in =
        TinyConfigs.class.getResourceAsStream("/io/infernet/inference/tiny-configs.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
