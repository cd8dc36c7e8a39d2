package io.infernet.node.hardware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.Gpu;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.discovery.directory.VramTier;
import io.infernet.node.hardware.CommandRunner.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HardwareProbeTest {

  private static final String ROCM =
      """
      WARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status

      {"card0": {"VRAM Total Memory (B)": "25753026560", "VRAM Total Used Memory (B)": "27832320",\
       "Card Series": "Radeon RX 7900 XTX", "Card Model": "0x744c", "Card Vendor":\
       "Advanced Micro Devices, Inc. [AMD/ATI]", "Card SKU": "EXT94393", "GFX Version": "gfx1100"},\
       "card1": {"VRAM Total Memory (B)": "536870912", "Card series": "N/A", "Card model": "0x164e"},\
       "system": {"Driver version": "6.7.0"}}
      """;

  private static final String MAC =
      """
      {"SPDisplaysDataType": [{"_name": "kHW_AppleM2ProItem", "spdisplays_mtlgpufamilysupport":
       "spdisplays_metal3", "spdisplays_vendor": "sppci_vendor_Apple", "sppci_bus":
       "spdisplays_builtin", "sppci_cores": "19", "sppci_model": "Apple M2 Pro"}]}
      """;

  private static final String INTEL_MAC =
      """
      {"SPDisplaysDataType": [
       {"_name": "intel_uhd", "spdisplays_vendor": "Intel", "sppci_model": "Intel UHD Graphics 630",
        "spdisplays_vram_shared": "1536 MB"},
       {"_name": "radeon", "spdisplays_vendor": "sppci_vendor_amd", "sppci_model":
        "AMD Radeon Pro 5500M", "spdisplays_vram": "8 GB"}]}
      """;

  @TempDir Path root;
  private final Map<String, Output> outputs = new LinkedHashMap<>();
  private final List<String> asked = new ArrayList<>();

  @BeforeEach
  void aLinuxMachine() throws IOException {
    write(
        "proc/cpuinfo",
        """
        processor\t: 0
        vendor_id\t: AuthenticAMD
        model\t\t: 17
        model name\t: AMD EPYC 9354 32-Core Processor
        stepping\t: 1
        """);
    write("proc/meminfo", "MemTotal:       65761280 kB\nMemFree:        60000000 kB\n");
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void plug(String slot, String type, String vendor) throws IOException {
    write("sys/bus/pci/devices/" + slot + "/class", type + "\n");
    write("sys/bus/pci/devices/" + slot + "/vendor", vendor + "\n");
  }

  private HardwareProbe probe(String system) {
    return new HardwareProbe(
        root,
        system,
        16,
        1_000,
        command -> {
          asked.add(command.get(0));
          return outputs.getOrDefault(command.get(0), new Output.Missing());
        });
  }

  private HardwareFingerprint linux() {
    return probe("Linux").hardware().fingerprint();
  }

  @Test
  void readsProcessorAndMemoryAndFindsNoGpuWhereNoneIs() {
    Hardware hardware = probe("Linux").hardware();

    assertEquals(
        new HardwareFingerprint(
            "AMD EPYC 9354 32-Core Processor", 16, 65_761_280L * 1024, List.of()),
        hardware.fingerprint());
    assertEquals(Optional.empty(), hardware.fingerprint().tier());
    assertEquals(List.of(), hardware.problems());
  }

  @Test
  void keepsToTheMemoryOfItsContainer() throws IOException {
    write("sys/fs/cgroup/memory.max", "4294967296\n");
    assertEquals(4L << 30, linux().memoryBytes());

    write("sys/fs/cgroup/memory.max", "max\n");
    assertEquals(65_761_280L * 1024, linux().memoryBytes());
  }

  @Test
  void fallsBackToWhatTheJvmKnows() throws IOException {
    Files.delete(root.resolve("proc/cpuinfo"));
    Files.delete(root.resolve("proc/meminfo"));

    assertEquals(
        new HardwareFingerprint("", 16, 1_000, List.of()),
        probe("Windows 11").hardware().fingerprint());
  }

  @Test
  void knowsBoardsThatNameNoProcessor() throws IOException {
    write(
        "proc/cpuinfo",
        "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n");

    assertEquals("Raspberry Pi 5 Model B Rev 1.0", linux().cpu());
  }

  @Test
  void groupsEqualNvidiaCards() {
    outputs.put(
        "nvidia-smi",
        new Output.Ended(
            0,
            """
            NVIDIA GeForce RTX 4090, 24564, 550.54.15
            NVIDIA GeForce RTX 4090, 24564, 550.54.15
            NVIDIA RTX A2000, 6138, 550.54.15
            """));

    HardwareFingerprint found = linux();
    assertEquals(
        List.of(
            new Gpu(Gpu.Vendor.NVIDIA, "NVIDIA GeForce RTX 4090", 24_564L << 20, "550.54.15", 2),
            new Gpu(Gpu.Vendor.NVIDIA, "NVIDIA RTX A2000", 6_138L << 20, "550.54.15", 1)),
        found.gpus());
    assertEquals(Optional.of(VramTier.LARGE), found.tier());
  }

  @Test
  void takesAnUnknownSizeForNone() {
    outputs.put("nvidia-smi", new Output.Ended(0, "NVIDIA GB10, [N/A], [N/A]\nrubbish\n"));

    assertEquals(List.of(new Gpu(Gpu.Vendor.NVIDIA, "NVIDIA GB10", 0, "", 1)), linux().gpus());
  }

  @Test
  void readsAmdCardsAmongWarnings() {
    outputs.put("rocm-smi", new Output.Ended(0, ROCM));

    assertEquals(
        List.of(
            new Gpu(Gpu.Vendor.AMD, "Radeon RX 7900 XTX", 25_753_026_560L, "6.7.0", 1),
            new Gpu(Gpu.Vendor.AMD, "0x164e", 536_870_912L, "6.7.0", 1)),
        linux().gpus());
  }

  @Test
  void saysWhyAPluggedInCardIsNotThere() throws IOException {
    plug("0000:01:00.0", "0x030000", "0x10de");
    plug("0000:02:00.0", "0x0c0330", "0x10de");
    plug("0000:03:00.0", "0x030000", "0x1a03");
    outputs.put(
        "nvidia-smi",
        new Output.Ended(
            18, "Failed to initialize NVML: Driver/library version mismatch\nNVML library: 550\n"));

    List<String> problems = probe("Linux").hardware().problems();
    assertEquals(2, problems.size(), problems::toString);
    assertTrue(problems.get(0).contains("version mismatch"), problems::toString);
    assertTrue(problems.get(1).contains("PCI 0000:01:00.0)"), problems::toString);
  }

  @Test
  void missesNoCardThatIsTooSmallToComputeOn() throws IOException {
    plug("0000:0a:00.0", "0x030000", "0x1002");
    write("sys/bus/pci/devices/0000:0a:00.0/mem_info_vram_total", "536870912\n");
    assertEquals(List.of(), probe("Linux").hardware().problems());

    plug("0000:0b:00.0", "0x120000", "0x1002");
    List<String> problems = probe("Linux").hardware().problems();
    assertEquals(1, problems.size());
    assertTrue(problems.get(0).contains("ROCm"), problems::toString);
  }

  @Test
  void saysWhenAToolHangs() throws IOException {
    plug("0000:01:00.0", "0x030200", "0x10de");
    outputs.put("nvidia-smi", new Output.TimedOut());

    assertTrue(probe("Linux").hardware().problems().get(0).contains("did not end"));
  }

  @Test
  void asksOnce() {
    HardwareProbe probe = probe("Linux");
    assertSame(probe.hardware(), probe.hardware());
    assertEquals(List.of("nvidia-smi", "rocm-smi"), asked);
  }

  @Test
  void knowsThatAppleSharesTheMemory() {
    outputs.put("sysctl", new Output.Ended(0, "Apple M2 Pro\n17179869184\n"));
    outputs.put("system_profiler", new Output.Ended(0, MAC));

    assertEquals(
        new HardwareFingerprint(
            "Apple M2 Pro",
            16,
            1L << 34,
            List.of(new Gpu(Gpu.Vendor.APPLE, "Apple M2 Pro", 1L << 34, "", 1))),
        probe("Mac OS X").hardware().fingerprint());
  }

  @Test
  void readsOlderMacs() {
    outputs.put("sysctl", new Output.Ended(0, "Intel(R) Core(TM) i9\n34359738368\n"));
    outputs.put("system_profiler", new Output.Ended(0, INTEL_MAC));

    assertEquals(
        List.of(
            new Gpu(Gpu.Vendor.INTEL, "Intel UHD Graphics 630", 0, "", 1),
            new Gpu(Gpu.Vendor.AMD, "AMD Radeon Pro 5500M", 8L << 30, "", 1)),
        probe("Mac OS X").hardware().fingerprint().gpus());
  }

  @Test
  void survivesWhateverToolsPrint() {
    for (String text :
        List.of(
            "", "{", "{}", "}{", "[]", "{\"card0\": 5}", ",,,", "a,b\nc", "x, 9999999999999, y")) {
      for (String tool : List.of("nvidia-smi", "rocm-smi", "sysctl", "system_profiler")) {
        outputs.put(tool, new Output.Ended(0, text));
      }
      for (String system : List.of("Linux", "Mac OS X")) {
        probe(system).hardware().fingerprint().gpus().forEach(gpu -> assertTrue(gpu.count() == 1));
      }
    }
  }

  @Test
  void runsProgramsWithinItsBounds() {
    CommandRunner runner = new ProcessCommandRunner(Duration.ofSeconds(20), 10);
    assertEquals(
        new Output.Ended(3, "hello\n"), runner.run(List.of("sh", "-c", "echo hello; exit 3")));
    Output flood = runner.run(List.of("sh", "-c", "while :; do echo flood; done"));
    assertEquals("flood\nfloo", assertInstanceOf(Output.Ended.class, flood).text());
    assertEquals(new Output.Missing(), runner.run(List.of("no-such-program-here")));
    assertEquals(
        new Output.TimedOut(),
        new ProcessCommandRunner(Duration.ofMillis(50), 10).run(List.of("sleep", "60")));
  }
}
