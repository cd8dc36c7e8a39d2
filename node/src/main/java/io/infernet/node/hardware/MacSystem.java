package io.infernet.node.hardware;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.discovery.directory.Gpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What macOS says of itself. Pure functions. */
final class MacSystem {

  /** Prints the two values on two lines. */
  static final List<String> SYSCTL =
      List.of("sysctl", "-n", "machdep.cpu.brand_string", "hw.memsize");

  static final List<String> PROFILER = List.of("system_profiler", "-json", "SPDisplaysDataType");

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private MacSystem() {}

  /**
   * The GPUs in the JSON of the profiler.
   *
   * @param memoryBytes the machine's, which GPUs by Apple share
   */
  static List<Gpu> parse(String json, long memoryBytes) {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      return List.of();
    }
    List<Gpu> gpus = new ArrayList<>();
    for (JsonNode card : root.path("SPDisplaysDataType")) {
      String model = card.path("sppci_model").asText(card.path("_name").asText("GPU"));
      String named = (card.path("spdisplays_vendor").asText("") + " " + model);
      Gpu.Vendor vendor = vendor(named.toLowerCase(Locale.ROOT));
      gpus.add(
          new Gpu(
              vendor,
              Texts.clean(model),
              vendor == Gpu.Vendor.APPLE
                  ? memoryBytes
                  : size(card.path("spdisplays_vram").asText("")),
              "",
              1));
    }
    return gpus;
  }

  private static Gpu.Vendor vendor(String text) {
    if (text.contains("apple")) {
      return Gpu.Vendor.APPLE;
    }
    if (text.contains("amd") || text.contains("1002")) {
      return Gpu.Vendor.AMD;
    }
    if (text.contains("nvidia") || text.contains("10de")) {
      return Gpu.Vendor.NVIDIA;
    }
    return text.contains("intel") || text.contains("8086") ? Gpu.Vendor.INTEL : Gpu.Vendor.OTHER;
  }

  /** Bytes in {@code 8 GB} or {@code 1536 MB}, which macOS counts in powers of two. */
  private static long size(String text) {
    long unit = text.endsWith("GB") ? 1L << 30 : 1L << 20;
    return Texts.bytes(text.replaceFirst(" [GM]B$", ""), unit);
  }
}
