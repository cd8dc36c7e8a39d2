package io.infernet.node.doctor;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.LibtorchReport;
import io.infernet.inference.engine.djl.LibtorchProbe;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.node.hardware.Hardware;
import io.infernet.node.hardware.HardwareProbe;
import io.infernet.node.hardware.Surroundings;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The machine that this program runs on. */
public final class ThisMachine implements Machine {

  /** Enough for the flags of the first processor. */
  private static final int MAX_FILE = 64 << 10;

  private static final Pattern FLAGS =
      Pattern.compile("^(?:flags|Features)\\s*:\\s*(.*)$", Pattern.MULTILINE);

  private final EngineConfig engine;
  private final Supplier<List<BackendStatus>> backends;
  private final Supplier<Optional<RunningApi>> node;
  private final HardwareProbe probe = HardwareProbe.system();
  private @Nullable LibtorchReport report;

  /**
   * @param engine says which native library
   * @param backends looks at other servers
   * @param node asks the node that runs in the home
   */
  public ThisMachine(
      EngineConfig engine,
      Supplier<List<BackendStatus>> backends,
      Supplier<Optional<RunningApi>> node) {
    this.engine = requireNonNull(engine, "engine is null");
    this.backends = requireNonNull(backends, "backends is null");
    this.node = requireNonNull(node, "node is null");
  }

  @Override
  public Runtime.Version java() {
    return Runtime.version();
  }

  @Override
  public int processors() {
    return Runtime.getRuntime().availableProcessors();
  }

  @Override
  public SystemMemory.Reading memory() {
    return SystemMemory.ofMachine().read();
  }

  @Override
  public Set<String> processorFeatures() {
    try (InputStream in = Files.newInputStream(Path.of("/proc/cpuinfo"))) {
      Matcher flags = FLAGS.matcher(new String(in.readNBytes(MAX_FILE), StandardCharsets.UTF_8));
      return flags.find() ? new HashSet<>(List.of(flags.group(1).strip().split("\\s+"))) : Set.of();
    } catch (IOException e) {
      // No Linux.
      return Set.of();
    }
  }

  @Override
  public long usableSpace(Path folder) throws IOException {
    Path there = folder.toAbsolutePath();
    while (!Files.exists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    return Files.getFileStore(there).getUsableSpace();
  }

  @Override
  public Hardware hardware() {
    return probe.hardware();
  }

  @Override
  public LibtorchReport libtorch() {
    LibtorchReport known = report;
    if (known == null) {
      known = LibtorchProbe.look(engine);
      report = known;
    }
    return known;
  }

  @Override
  public Surroundings surroundings() {
    return Surroundings.ofProcess();
  }

  @Override
  public Optional<String> cannotListen(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public List<BackendStatus> backends() {
    return backends.get();
  }

  @Override
  public Optional<RunningApi> node() {
    return node.get();
  }
}
