package io.infernet.node.hardware;

import io.infernet.discovery.directory.Gpu;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Linux says in {@code /proc} and {@code /sys}. */
final class LinuxSystem {

  /** Enough for the processor file of a machine with hundreds of cores to name its model. */
  private static final int MAX_FILE = 64 << 10;

  private static final int MAX_PCI_DEVICES = 4_096;

  /** Names of the processor's or board's model, by architecture. */
  private static final List<String> CPU_KEYS =
      List.of("model name", "cpu model", "Model", "Hardware", "Processor", "uarch");

  private static final Pattern MEM_TOTAL =
      Pattern.compile("^MemTotal:\\s+(\\d+) kB", Pattern.MULTILINE);

  private final Path root;

  /**
   * A graphics card on the PCI bus.
   *
   * @param slot such as {@code 0000:01:00.0}
   * @param memoryBytes what the kernel's driver says of its memory; 0 when it does not
   */
  record Card(Gpu.Vendor vendor, String slot, long memoryBytes) {}

  /**
   * @param root {@code /}, or a copy
   */
  LinuxSystem(Path root) {
    this.root = root;
  }

  /** The processor's model, empty when unknown. */
  String cpu() {
    String text = read("proc/cpuinfo").orElse("");
    for (String key : CPU_KEYS) {
      Matcher line =
          Pattern.compile("^" + key + "\\s*:\\s*(\\S.*)$", Pattern.MULTILINE).matcher(text);
      if (line.find()) {
        return Texts.clean(line.group(1));
      }
    }
    return "";
  }

  /** Memory that the program may use, by the machine's size and the container's limit. */
  long memory() {
    Matcher total = MEM_TOTAL.matcher(read("proc/meminfo").orElse(""));
    long machine = total.find() ? Texts.bytes(total.group(1), 1024) : 0;
    long container =
        read("sys/fs/cgroup/memory.max")
            .or(() -> read("sys/fs/cgroup/memory/memory.limit_in_bytes"))
            .map(text -> Texts.bytes(text, 1))
            .orElse(0L);
    return container > 0 && container < machine ? container : machine;
  }

  /** Graphics cards that are plugged in, whether their drivers are installed or not. */
  List<Card> cards() {
    List<Card> cards = new ArrayList<>();
    int seen = 0;
    try (DirectoryStream<Path> devices =
        Files.newDirectoryStream(root.resolve("sys/bus/pci/devices"))) {
      for (Path device : devices) {
        if (++seen > MAX_PCI_DEVICES) {
          break;
        }
        // PCI base class 03: display controllers, and 12: processing accelerators.
        String type = read(device.resolve("class")).orElse("").strip();
        if (type.startsWith("0x03") || type.startsWith("0x12")) {
          cards.add(
              new Card(
                  vendor(read(device.resolve("vendor")).orElse("").strip()),
                  String.valueOf(device.getFileName()),
                  read(device.resolve("mem_info_vram_total"))
                      .map(text -> Texts.bytes(text, 1))
                      .orElse(0L)));
        }
      }
    } catch (IOException e) {
      // No such bus, as in some containers: then there is nothing to tell.
      return List.of();
    }
    cards.sort((one, other) -> one.slot().compareTo(other.slot()));
    return cards;
  }

  /** By the PCI SIG's numbers. */
  private static Gpu.Vendor vendor(String number) {
    return switch (number.toLowerCase(Locale.ROOT)) {
      case "0x10de" -> Gpu.Vendor.NVIDIA;
      case "0x1002" -> Gpu.Vendor.AMD;
      case "0x8086" -> Gpu.Vendor.INTEL;
      default -> Gpu.Vendor.OTHER;
    };
  }

  private Optional<String> read(String path) {
    return read(root.resolve(path));
  }

  private static Optional<String> read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return Optional.of(new String(in.readNBytes(MAX_FILE), StandardCharsets.UTF_8));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
