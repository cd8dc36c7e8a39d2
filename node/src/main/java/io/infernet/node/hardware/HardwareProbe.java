package io.infernet.node.hardware;

import io.infernet.discovery.directory.Gpu;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.node.hardware.CommandRunner.Output;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what this machine consists of, with {@code nvidia-smi}, {@code rocm-smi}, {@code /proc}
 * and {@code /sys}, or what macOS has instead. Asks once and remembers. Safe from any thread, but
 * the first call may take seconds where a vendor's tool is slow.
 */
public final class HardwareProbe {

  /** Less memory than any card has that is worth computing on. */
  private static final long INTEGRATED_MEMORY = 2L << 30;

  /** PCI slots that one sentence names. */
  private static final int MAX_NAMED = 4;

  private final String system;
  private final int processors;
  private final long memory;
  private final LinuxSystem linux;
  private final CommandRunner commands;
  private @Nullable Hardware found;

  /**
   * @param root {@code /}, or a copy of its {@code /proc} and {@code /sys}
   * @param system the operating system's name, as in the system property {@code os.name}
   * @param processors how many the program may use
   * @param memory bytes that the program may use as far as the JVM knows, 0 for unknown
   */
  public HardwareProbe(
      Path root, String system, int processors, long memory, CommandRunner commands) {
    this.linux = new LinuxSystem(root);
    this.system = system.toLowerCase(Locale.ROOT);
    this.processors = processors;
    this.memory = memory;
    this.commands = commands;
  }

  /** Asks this machine. */
  public static HardwareProbe system() {
    long memory =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean known
            ? known.getTotalMemorySize()
            : 0;
    return new HardwareProbe(
        Path.of("/"),
        System.getProperty("os.name", ""),
        Runtime.getRuntime().availableProcessors(),
        memory,
        ProcessCommandRunner.usual());
  }

  /** What there is; asks on the first call, which waits for it. */
  public synchronized Hardware hardware() {
    Hardware known = found;
    if (known == null) {
      known = system.startsWith("mac") ? mac() : other();
      found = known;
    }
    return known;
  }

  private Hardware mac() {
    List<String> said =
        commands.run(MacSystem.SYSCTL) instanceof Output.Ended ended && ended.exitCode() == 0
            ? ended.text().lines().toList()
            : List.of();
    String cpu = said.isEmpty() ? "" : Texts.clean(said.get(0));
    long bytes = said.size() < 2 ? memory : Texts.bytes(said.get(1), 1);
    List<String> problems = new ArrayList<>();
    List<Gpu> gpus =
        ask(MacSystem.PROFILER, problems)
            .map(text -> MacSystem.parse(text, bytes))
            .orElse(List.of());
    return new Hardware(new HardwareFingerprint(cpu, processors, bytes, grouped(gpus)), problems);
  }

  private Hardware other() {
    List<String> problems = new ArrayList<>();
    List<LinuxSystem.Card> cards = linux.cards();
    List<Gpu> gpus = new ArrayList<>(nvidia(cards, problems));
    gpus.addAll(amd(cards, problems));
    long bytes = linux.memory();
    return new Hardware(
        new HardwareFingerprint(linux.cpu(), processors, bytes > 0 ? bytes : memory, grouped(gpus)),
        problems);
  }

  private List<Gpu> nvidia(List<LinuxSystem.Card> cards, List<String> problems) {
    List<String> troubles = new ArrayList<>();
    List<Gpu> gpus = ask(NvidiaSmi.COMMAND, troubles).map(NvidiaSmi::parse).orElse(List.of());
    List<LinuxSystem.Card> plugged = of(Gpu.Vendor.NVIDIA, cards);
    // A tool that fails where there is no card is of no interest.
    if (gpus.isEmpty() && !plugged.isEmpty()) {
      problems.addAll(troubles);
      problems.add(
          "an NVIDIA GPU is plugged in ("
              + slots(plugged)
              + ") but cannot be used: install NVIDIA's driver, or load it, until nvidia-smi lists"
              + " the GPU");
    }
    return gpus;
  }

  private List<Gpu> amd(List<LinuxSystem.Card> cards, List<String> problems) {
    List<String> troubles = new ArrayList<>();
    List<Gpu> gpus = ask(RocmSmi.COMMAND, troubles).map(RocmSmi::parse).orElse(List.of());
    List<LinuxSystem.Card> plugged =
        of(Gpu.Vendor.AMD, cards).stream().filter(card -> !isIntegrated(card)).toList();
    if (gpus.isEmpty() && !plugged.isEmpty()) {
      problems.addAll(troubles);
      problems.add(
          "an AMD GPU is plugged in ("
              + slots(plugged)
              + ") but cannot be used for computing: install ROCm, until rocm-smi lists the GPU");
    }
    return gpus;
  }

  /** The processor's own graphics, by its small share of memory; nobody misses that. */
  private static boolean isIntegrated(LinuxSystem.Card card) {
    return card.memoryBytes() > 0 && card.memoryBytes() < INTEGRATED_MEMORY;
  }

  /** What a vendor's tool printed, if it could; what went wrong otherwise is a problem. */
  private Optional<String> ask(List<String> command, List<String> problems) {
    Output output = commands.run(command);
    if (output instanceof Output.Ended ended) {
      if (ended.exitCode() == 0) {
        return Optional.of(ended.text());
      }
      problems.add(
          "%s failed (exit code %d): %s"
              .formatted(command.get(0), ended.exitCode(), Texts.clean(ended.text())));
    } else if (output instanceof Output.TimedOut) {
      problems.add(command.get(0) + " did not end: the GPU's driver may hang; a restart may help");
    }
    return Optional.empty();
  }

  private static List<LinuxSystem.Card> of(Gpu.Vendor vendor, List<LinuxSystem.Card> cards) {
    return cards.stream().filter(card -> card.vendor() == vendor).toList();
  }

  private static String slots(List<LinuxSystem.Card> cards) {
    List<String> slots = cards.stream().map(LinuxSystem.Card::slot).limit(MAX_NAMED).toList();
    return "PCI " + String.join(", ", slots) + (cards.size() > MAX_NAMED ? ", …" : "");
  }

  /** Equal GPUs as one entry with their number, in the order of the first of each kind. */
  private static List<Gpu> grouped(List<Gpu> gpus) {
    Map<Gpu, Integer> counts = new LinkedHashMap<>();
    gpus.forEach(gpu -> counts.merge(gpu, 1, Integer::sum));
    List<Gpu> grouped = new ArrayList<>();
    counts.forEach(
        (gpu, count) ->
            grouped.add(
                new Gpu(
                    gpu.vendor(),
                    gpu.model(),
                    gpu.memoryBytes(),
                    gpu.driver(),
                    Math.min(count, Gpu.MAX_COUNT))));
    return grouped;
  }
}
