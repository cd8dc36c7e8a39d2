package io.infernet.node.doctor;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.DeviceChoice;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.model.ModelRepository;
import io.infernet.inference.pool.Sizes;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.node.config.HostAndPort;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.hardware.DeviceSelection;
import io.infernet.node.hardware.GpuDiagnosis;
import io.infernet.node.hardware.GpuState;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Looks whether this machine and this home can do their work. Used by one thread. */
public final class Doctor {

  /** What the smallest model and the JVM take with some room. */
  private static final long LEAST_MEMORY = 1L << 30;

  /** The unpacked native libraries, with room to convert a small model. */
  private static final long LEAST_SPACE = 1L << 30;

  /** A model of a usual size. */
  private static final long COMFORTABLE_SPACE = 10L << 30;

  /** Features that matter for speed, in the order in which they are shown. */
  private static final List<String> FEATURES =
      List.of("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd");

  /** Folders of models that are looked at. */
  private static final int MAX_MODELS = 1_000;

  private final Machine machine;
  private final NodeConfig config;
  private final ModelRepository models;
  private final Path nativesFolder;

  /**
   * @param models of the home
   * @param nativesFolder where native libraries are unpacked
   */
  public Doctor(Machine machine, NodeConfig config, ModelRepository models, Path nativesFolder) {
    this.machine = requireNonNull(machine, "machine is null");
    this.config = requireNonNull(config, "config is null");
    this.models = requireNonNull(models, "models is null");
    this.nativesFolder = requireNonNull(nativesFolder, "nativesFolder is null");
  }

  /** One check, which may fail in ways that nobody foresaw. */
  private interface Check {
    List<Finding> look() throws IOException;
  }

  /** Looks at everything. */
  public List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    look(findings, "java", () -> List.of(java()));
    look(findings, "memory", () -> List.of(memory()));
    look(findings, "home", () -> List.of(home()));
    look(findings, "disk", this::disk);
    look(findings, "processor", () -> List.of(processor()));
    look(findings, "threads", () -> List.of(threads()));
    look(findings, "libtorch", () -> List.of(libtorch()));
    look(findings, "gpu", () -> List.of(gpu()));
    look(findings, "models", this::models);
    look(findings, "backends", this::backends);
    look(findings, "node", this::node);
    return findings;
  }

  private static void look(List<Finding> findings, String name, Check check) {
    try {
      findings.addAll(check.look());
    } catch (IOException | RuntimeException e) {
      findings.add(
          Finding.failed(
              name, "cannot be looked at: " + e, "see whether the disk and the system are well"));
    }
  }

  private Finding java() {
    Runtime.Version version = machine.java();
    return version.feature() >= 17
        ? Finding.ok("java", version.toString())
        : Finding.failed("java", version.toString(), "install Java 17 or newer");
  }

  private Finding memory() {
    SystemMemory.Reading memory = machine.memory();
    String detail =
        "%s, of which %s are free"
            .formatted(Sizes.text(memory.total()), Sizes.text(memory.available()));
    if (memory.available() < LEAST_MEMORY) {
      return Finding.warning(
          "memory", detail, "close other programs, or give the container more memory");
    }
    return Finding.ok("memory", detail);
  }

  private Finding home() {
    Path home = config.home().path();
    if (!Files.isDirectory(home)) {
      return Finding.warning("home", home + " is not there yet", "run `infernet init`");
    }
    return Files.isWritable(home)
        ? Finding.ok("home", home.toString())
        : Finding.failed(
            "home", home + " cannot be written", "make it writable, or choose another with --home");
  }

  private List<Finding> disk() throws IOException {
    return List.of(
        space("disk for models", config.home().modelsFolder()),
        space("disk for caches", nativesFolder));
  }

  private Finding space(String check, Path folder) throws IOException {
    long bytes = machine.usableSpace(folder);
    String detail = "%s free in %s".formatted(Sizes.text(bytes), folder);
    if (bytes < LEAST_SPACE) {
      return Finding.failed(check, detail, "make room: " + Sizes.text(LEAST_SPACE) + " at least");
    }
    return bytes < COMFORTABLE_SPACE
        ? Finding.warning(check, detail, "make room before pulling larger models")
        : Finding.ok(check, detail);
  }

  private Finding processor() {
    Set<String> features = machine.processorFeatures();
    String known = FEATURES.stream().filter(features::contains).collect(Collectors.joining(" "));
    String name = machine.hardware().fingerprint().cpu();
    String detail = (name.isEmpty() ? "unknown" : name) + (known.isEmpty() ? "" : ": " + known);
    boolean oldIntel = features.contains("sse2") && !features.contains("avx2");
    return oldIntel
        ? Finding.warning(
            "processor", detail + " (no AVX2)", "expect a tenth of the usual speed, or use a GPU")
        : Finding.ok("processor", detail);
  }

  private Finding threads() {
    int cores = machine.processors();
    int threads = config.engine().threads();
    String detail =
        "%d for %d cores".formatted(threads == 0 ? cores : threads, cores)
            + (config.engine().batching().deterministic() ? ", deterministic" : "");
    return threads > cores
        ? Finding.warning(
            "threads", detail, "set engine.threads to %d at most: more is slower".formatted(cores))
        : Finding.ok("threads", detail);
  }

  private Finding libtorch() {
    var report = machine.libtorch();
    return report
        .failure()
        .map(why -> Finding.failed("libtorch", why, "without it no model runs here"))
        .orElseGet(
            () ->
                Finding.ok(
                    "libtorch",
                    "%s in %s%s"
                        .formatted(
                            report.version(),
                            report.folder(),
                            report.cudaBuild() ? ", for CUDA" : "")));
  }

  private Finding gpu() {
    DeviceChoice choice = config.engine().device();
    boolean required = config.engine().requireGpu();
    GpuState state =
        GpuDiagnosis.of(machine.hardware(), machine.libtorch(), machine.surroundings());
    DeviceSelection selection = DeviceSelection.of(choice, required, state, device -> 0);
    if (state instanceof GpuState.Unusable unusable) {
      return new Finding(
          "gpu",
          required || choice.wantsGpu() ? Finding.Verdict.FAILED : Finding.Verdict.WARNING,
          unusable.reason(),
          unusable.mend());
    }
    if (selection.problem().isPresent()) {
      return Finding.failed(
          "gpu",
          selection.problem().get(),
          "or set engine.device = \"auto\" without --require-gpu");
    }
    return Finding.ok(
        "gpu",
        state instanceof GpuState.Absent absent
            ? absent.reason()
            : "models run on " + selection.device());
  }

  private List<Finding> models() throws IOException {
    Set<ModelName> names = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
    List<Finding> findings = new ArrayList<>();
    Path folder = config.home().modelsFolder();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder, Files::isDirectory)) {
        for (Path one : folders) {
          if (names.size() < MAX_MODELS && !one.getFileName().toString().startsWith(".")) {
            name(one).ifPresentOrElse(names::add, () -> findings.add(misnamed(one)));
          }
        }
      }
    }
    models.list().forEach(model -> names.add(model.name()));
    int good = 0;
    for (ModelName name : names) {
      try {
        good += models.find(name).isPresent() ? 1 : 0;
      } catch (InfernetException e) {
        findings.add(
            Finding.failed(
                "model " + name,
                e.getMessage(),
                "pull it again, or delete " + folder.resolve(name.name())));
      }
    }
    findings.add(0, Finding.ok("models", good + " can be used"));
    return findings;
  }

  private static Optional<ModelName> name(Path folder) {
    try {
      return Optional.of(ModelName.parse(folder.getFileName().toString()));
    } catch (InfernetException e) {
      return Optional.empty();
    }
  }

  private static Finding misnamed(Path folder) {
    return Finding.warning(
        "models", folder + " is no name of a model", "rename it to letters, digits and dashes");
  }

  private List<Finding> backends() {
    List<Finding> findings = new ArrayList<>();
    for (BackendStatus backend : machine.backends()) {
      String place =
          backend.kind().map(kind -> kind + " at ").orElse("the server at ") + backend.url();
      if (!backend.up()) {
        findings.add(
            Finding.failed(
                "backend",
                backend.detail(),
                "see whether it runs; until it answers, its models are not served"));
      } else if (backend.models().isEmpty()) {
        findings.add(Finding.warning("backend", place + " has no models", "pull one there"));
      } else {
        findings.add(
            Finding.ok(
                "backend",
                place
                    + ": "
                    + backend.models().stream()
                        .map(model -> model.name().toString())
                        .collect(Collectors.joining(", "))));
      }
    }
    return findings.isEmpty() ? List.of(Finding.ok("backends", "none")) : findings;
  }

  private List<Finding> node() {
    Optional<Machine.RunningApi> running = machine.node();
    if (running.isEmpty()) {
      HostAndPort address =
          config
              .api()
              .map(NodeConfig.Api::address)
              .orElseGet(() -> new HostAndPort("127.0.0.1", 0));
      return List.of(
          machine
              .cannotListen(address.host(), address.port())
              .map(
                  why ->
                      Finding.warning(
                          "node",
                          "none runs here, and %s cannot be listened on: %s"
                              .formatted(address, why),
                          "end the program that has the port, or choose another with --api"))
              .orElseGet(() -> Finding.ok("node", "none runs here; " + address + " is free")));
    }
    Machine.RunningApi node = running.get();
    List<Finding> findings = new ArrayList<>();
    findings.add(
        node.trouble()
            .map(why -> Finding.failed("node", why, "look into its log, and start it again"))
            .orElseGet(() -> Finding.ok("node", "answers at " + node.api())));
    findings.add(
        node.peers() > 0
            ? Finding.ok("peers", node.peers() + " connected")
            : Finding.warning(
                "peers",
                "connected to nobody",
                "name a peer with --bootstrap, or start a node on the local network"));
    return findings;
  }
}
