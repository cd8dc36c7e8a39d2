package io.infernet.node.cli;

import io.infernet.inference.InfernetException;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.node.embed.InfernetNode;
import io.infernet.node.job.JobBenchmark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Two nodes over loopback for {@link JobBenchmark}: a provider, and a client of it. */
final class JobBenchmarkNodes {

  private JobBenchmarkNodes() {}

  /** Starts the nodes in homes of their own, measures, and leaves nothing behind. */
  static JobBenchmark.Result measure(JobBenchmark.Config config) {
    try {
      Path folder = Files.createTempDirectory("infernet-bench");
      try {
        return measure(config, folder);
      } finally {
        try (Stream<Path> files = Files.walk(folder)) {
          List<Path> innermostFirst = files.sorted(Comparator.reverseOrder()).toList();
          for (Path file : innermostFirst) {
            Files.deleteIfExists(file);
          }
        }
      }
    } catch (IOException e) {
      throw new InfernetException(
          "cannot make homes for the nodes that are measured: " + e.getMessage(), e);
    }
  }

  private static JobBenchmark.Result measure(JobBenchmark.Config config, Path folder) {
    try (InfernetNode provider =
        InfernetNode.builder()
            .mdns(false)
            .home(folder.resolve("provider"))
            .listen(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"))
            .provider()
            .warm(config.model())
            .build()) {
      provider.start().join();
      try (InfernetNode client =
          InfernetNode.builder()
              .mdns(false)
              .home(folder.resolve("client"))
              .bootstrap(provider.addresses())
              .build()) {
        client.start().join();
        client.peersTried().join();
        return new JobBenchmark(client::start, provider::start, config, Ticker.system()).run();
      }
    }
  }
}
