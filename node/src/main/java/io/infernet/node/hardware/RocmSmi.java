package io.infernet.node.hardware;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.discovery.directory.Gpu;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What {@code rocm-smi} prints. Pure functions. */
final class RocmSmi {

  static final List<String> COMMAND =
      List.of(
          "rocm-smi",
          "--showproductname",
          "--showmeminfo",
          "vram",
          "--showdriverversion",
          "--json");

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private RocmSmi() {}

  /** One GPU per {@code cardN}; nothing when it is not what was expected. */
  static List<Gpu> parse(String text) {
    // Warnings may stand before and after the object.
    int start = text.indexOf('{');
    int end = text.lastIndexOf('}');
    if (start < 0 || end < start) {
      return List.of();
    }
    JsonNode root;
    try {
      root = MAPPER.readTree(text.substring(start, end + 1));
    } catch (JsonProcessingException e) {
      return List.of();
    }
    String driver = field(root.path("system"), "driver version").orElse("");
    List<Gpu> gpus = new ArrayList<>();
    for (Iterator<Map.Entry<String, JsonNode>> cards = root.fields(); cards.hasNext(); ) {
      Map.Entry<String, JsonNode> card = cards.next();
      if (card.getKey().startsWith("card")) {
        JsonNode said = card.getValue();
        gpus.add(
            new Gpu(
                Gpu.Vendor.AMD,
                Texts.clean(
                    field(said, "card series")
                        .or(() -> field(said, "card model"))
                        .orElse("AMD GPU")),
                Texts.bytes(field(said, "vram total memory (b)").orElse(""), 1),
                Texts.clean(driver),
                1));
      }
    }
    return gpus;
  }

  /** The text of a field, whose case differs between versions of the tool. */
  private static Optional<String> field(JsonNode object, String name) {
    for (Iterator<Map.Entry<String, JsonNode>> fields = object.fields(); fields.hasNext(); ) {
      Map.Entry<String, JsonNode> field = fields.next();
      String value = field.getValue().asText("").strip();
      if (field.getKey().equalsIgnoreCase(name) && !value.isEmpty() && !value.equals("N/A")) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }
}
