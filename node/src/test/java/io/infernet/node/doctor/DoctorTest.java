package io.infernet.node.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.Gpu;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.engine.LibtorchReport;
import io.infernet.inference.engine.remote.BackendKind;
import io.infernet.inference.engine.remote.BackendModel;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.ModelRepository;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.inference.testing.FakeModels;
import io.infernet.node.config.ConfigLoader;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.NodeHome;
import io.infernet.node.doctor.Finding.Verdict;
import io.infernet.node.hardware.Hardware;
import io.infernet.node.hardware.Surroundings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {

  @TempDir Path home;
  private final FakeMachine machine = new FakeMachine();

  @BeforeEach
  void makeHome() throws IOException {
    Files.createDirectories(home.resolve("models").resolve("broken"));
    Files.createDirectories(home.resolve("models").resolve("good"));
  }

  /** A machine that is well. */
  private static final class FakeMachine implements Machine {
    Runtime.Version java = Runtime.Version.parse("17.0.1");
    SystemMemory.Reading memory = new SystemMemory.Reading(16L << 30, 12L << 30);
    Set<String> features = Set.of("sse2", "avx2", "avx512f");
    long space = 100L << 30;
    Hardware hardware = Hardware.unknown();
    LibtorchReport libtorch =
        new LibtorchReport(
            "2.7.1", "/natives", Optional.empty(), false, List.of(), Optional.empty());
    Optional<String> portTaken = Optional.empty();
    List<BackendStatus> backends = List.of();
    Optional<RunningApi> node = Optional.empty();

    @Override
    public Runtime.Version java() {
      return java;
    }

    @Override
    public int processors() {
      return 4;
    }

    @Override
    public SystemMemory.Reading memory() {
      return memory;
    }

    @Override
    public Set<String> processorFeatures() {
      return features;
    }

    @Override
    public long usableSpace(Path folder) throws IOException {
      if (space < 0) {
        throw new IOException("stale file handle");
      }
      return space;
    }

    @Override
    public Hardware hardware() {
      return hardware;
    }

    @Override
    public LibtorchReport libtorch() {
      return libtorch;
    }

    @Override
    public Surroundings surroundings() {
      return new Surroundings("Linux", false, Map.of());
    }

    @Override
    public Optional<String> cannotListen(String host, int port) {
      return portTaken;
    }

    @Override
    public List<BackendStatus> backends() {
      return backends;
    }

    @Override
    public Optional<RunningApi> node() {
      return node;
    }
  }

  private List<Finding> examine(Map<String, String> environment) {
    NodeHome nodeHome = new NodeHome(home);
    NodeConfig config =
        NodeConfig.of(nodeHome, new ConfigLoader(environment).load(nodeHome, Map.of()));
    ModelRepository models =
        new ModelRepository() {
          @Override
          public List<InstalledModel> list() {
            return List.of(FakeModels.installed("good"));
          }

          @Override
          public Optional<InstalledModel> find(ModelName name) {
            if (name.name().equals("broken")) {
              throw new DamagedModelException("config.json of broken is cut short");
            }
            return Optional.of(FakeModels.installed(name.name()));
          }
        };
    return new Doctor(machine, config, models, home.resolve("natives")).examine();
  }

  private Finding finding(String check) {
    return finding(check, Map.of());
  }

  private Finding finding(String check, Map<String, String> environment) {
    return examine(environment).stream()
        .filter(finding -> finding.check().equals(check))
        .findFirst()
        .orElseThrow();
  }

  private void assertFinding(Verdict verdict, String detail, Finding finding) {
    assertEquals(verdict, finding.verdict(), finding.toString());
    assertTrue(finding.detail().contains(detail), finding.toString());
    assertEquals(verdict == Verdict.OK, finding.mend().isEmpty(), finding.toString());
  }

  @Test
  void isContentWithAHealthyMachine() throws IOException {
    Files.delete(home.resolve("models").resolve("broken"));
    for (Finding finding : examine(Map.of())) {
      assertEquals(Verdict.OK, finding.verdict(), finding.toString());
    }
    assertFinding(Verdict.OK, "avx2 avx512f", finding("processor"));
    assertFinding(Verdict.OK, "1 can be used", finding("models"));
    assertFinding(Verdict.OK, "127.0.0.1:11500 is free", finding("node"));
  }

  @Test
  void namesDamagedModels() {
    assertFinding(Verdict.FAILED, "cut short", finding("model broken"));
  }

  @Test
  void complainsOfTheMachine() {
    machine.java = Runtime.Version.parse("11.0.2");
    machine.memory = new SystemMemory.Reading(4L << 30, 300L << 20);
    machine.features = Set.of("sse2");
    machine.space = 3L << 30;
    machine.libtorch = LibtorchReport.failed("libtorch does not load");
    assertFinding(Verdict.FAILED, "11.0.2", finding("java"));
    assertFinding(Verdict.WARNING, "300.0 MiB are free", finding("memory"));
    assertFinding(Verdict.WARNING, "no AVX2", finding("processor"));
    assertFinding(Verdict.WARNING, "3.0 GiB free", finding("disk for models"));
    assertFinding(Verdict.FAILED, "does not load", finding("libtorch"));
    machine.space = 100;
    assertFinding(Verdict.FAILED, "100 B free", finding("disk for caches"));
    machine.space = -1;
    assertFinding(Verdict.FAILED, "stale file handle", finding("disk"));
    assertFinding(
        Verdict.WARNING,
        "9 for 4 cores",
        finding("threads", Map.of("INFERNET_ENGINE_THREADS", "9")));
  }

  @Test
  void tellsAGpuThatIsNotUsedFromOneThatMustBe() {
    machine.hardware =
        new Hardware(
            new HardwareFingerprint(
                "", 4, 0, List.of(new Gpu(Gpu.Vendor.NVIDIA, "H200", 141L << 30, "570.1", 1))),
            List.of());
    assertFinding(Verdict.WARNING, "the H200 is not used", finding("gpu"));
    assertFinding(
        Verdict.FAILED,
        "the H200 is not used",
        finding("gpu", Map.of("INFERNET_ENGINE_REQUIRE_GPU", "true")));
    machine.hardware = Hardware.unknown();
    assertFinding(Verdict.OK, "no GPU is plugged in", finding("gpu"));
    assertFinding(
        Verdict.FAILED, "no GPU", finding("gpu", Map.of("INFERNET_ENGINE_DEVICE", "cuda")));
  }

  @Test
  void looksAtBackends() {
    assertFinding(Verdict.OK, "none", finding("backends"));
    URI url = URI.create("http://gpu1:8000");
    machine.backends =
        List.of(
            new BackendStatus(
                url,
                true,
                Optional.of(BackendKind.VLLM),
                true,
                "",
                List.of(new BackendModel(ModelName.parse("org/large"), "org/large", 4096, true, 0)),
                0));
    assertFinding(Verdict.OK, "vllm at http://gpu1:8000: org/large", finding("backend"));
    machine.backends =
        List.of(new BackendStatus(url, true, Optional.empty(), true, "", List.of(), 0));
    assertFinding(Verdict.WARNING, "http://gpu1:8000 has no models", finding("backend"));
    machine.backends =
        List.of(
            new BackendStatus(
                url, true, Optional.empty(), false, "nothing listens there", List.of(), 0));
    assertFinding(Verdict.FAILED, "nothing listens there", finding("backend"));
  }

  @Test
  void looksAtTheNode() {
    machine.portTaken = Optional.of("Address already in use");
    assertFinding(Verdict.WARNING, "Address already in use", finding("node"));
    URI api = URI.create("http://127.0.0.1:11500");
    machine.node = Optional.of(new Machine.RunningApi(api, 0, Optional.empty()));
    assertFinding(Verdict.OK, "answers at http://127.0.0.1:11500", finding("node"));
    assertFinding(Verdict.WARNING, "connected to nobody", finding("peers"));
    machine.node = Optional.of(new Machine.RunningApi(api, 3, Optional.of("the engine failed")));
    assertFinding(Verdict.FAILED, "the engine failed", finding("node"));
    assertFinding(Verdict.OK, "3 connected", finding("peers"));
  }
}
