package io.infernet.node.hardware;

import io.infernet.discovery.directory.Gpu;
import java.util.ArrayList;
import java.util.List;

/** What {@code nvidia-smi} prints. Pure functions. */
final class NvidiaSmi {

  static final List<String> COMMAND =
      List.of(
          "nvidia-smi",
          "--query-gpu=name,memory.total,driver_version",
          "--format=csv,noheader,nounits");

  private static final long MEBIBYTE = 1L << 20;

  private NvidiaSmi() {}

  /** One GPU per line of {@code NAME, MiB, DRIVER}; other lines are skipped. */
  static List<Gpu> parse(String csv) {
    List<Gpu> gpus = new ArrayList<>();
    for (String line : csv.lines().toList()) {
      List<String> fields = List.of(line.split(",", -1));
      if (fields.size() >= 3) {
        // A name may contain commas, the others don't.
        int last = fields.size() - 1;
        String name = String.join(",", fields.subList(0, last - 1)).strip();
        String driver = fields.get(last).strip();
        gpus.add(
            new Gpu(
                Gpu.Vendor.NVIDIA,
                Texts.clean(name),
                Texts.bytes(fields.get(last - 1), MEBIBYTE),
                Texts.clean(driver.startsWith("[") ? "" : driver),
                1));
      }
    }
    return gpus;
  }
}
