package io.infernet.node.doctor;

import io.infernet.inference.engine.LibtorchReport;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.node.hardware.Hardware;
import io.infernet.node.hardware.Surroundings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the {@link Doctor} asks of the machine. Used by one thread; calls may take seconds. */
public interface Machine {

  /** The feature number and the version of Java. */
  Runtime.Version java();

  /** Processors that the program may use. */
  int processors();

  /** Its memory now. */
  SystemMemory.Reading memory();

  /** Features of the processor as Linux names them; empty when unknown. */
  Set<String> processorFeatures();

  /** Bytes that can be written where {@code folder} is or will be. */
  long usableSpace(Path folder) throws IOException;

  /** Its GPUs and what keeps them from being listed. */
  Hardware hardware();

  /** What the native library can do. */
  LibtorchReport libtorch();

  /** What the process runs in. */
  Surroundings surroundings();

  /** Whether a program could listen there now; the reason when not. */
  Optional<String> cannotListen(String host, int port);

  /** Other servers whose models can be used: those that the settings name, and those found. */
  List<BackendStatus> backends();

  /** The node that runs in the home. */
  Optional<RunningApi> node();

  /**
   * A running node.
   *
   * @param api where it answers
   * @param peers how many it is connected to
   * @param trouble what it says it suffers from
   */
  record RunningApi(URI api, int peers, Optional<String> trouble) {}
}
