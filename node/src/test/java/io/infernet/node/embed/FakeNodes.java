package io.infernet.node.embed;

import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeModels;
import io.infernet.libp2p.concurrent.ThreadScheduler;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.node.assembly.InferenceAssembly;
import io.infernet.node.config.Settings;
import io.infernet.node.job.FakeTextCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Real nodes over loopback with a scripted engine. Closing it closes them all, last one first. */
public final class FakeNodes implements AutoCloseable {

  /** The model that all of them have. */
  public static final String MODEL = "storyteller";

  private static final Multiaddr ANY_PORT = Multiaddr.parse("/ip4/127.0.0.1/tcp/0");

  private final Path folder;
  private final ThreadScheduler scheduler = new ThreadScheduler("fake engine");
  private final List<AutoCloseable> open = new ArrayList<>();

  /**
   * @param folder where the homes go
   */
  public FakeNodes(Path folder) {
    this.folder = folder;
  }

  /** A node and its engine. */
  public record Fake(InfernetNode node, FakeInferenceEngine engine) {}

  /** An engine for a node's builder. */
  public FakeInferenceEngine engine() {
    return new FakeInferenceEngine(scheduler);
  }

  /** Models and codecs around {@code engine}. */
  public static InferenceAssembly inference(FakeInferenceEngine engine) {
    return new InferenceAssembly(
        FakeModels.repository(MODEL), engine, model -> new FakeTextCodec());
  }

  /** A started provider. */
  public Fake provider(String name) {
    FakeInferenceEngine engine = engine();
    return start(
        InfernetNode.builder()
            .home(folder.resolve(name))
            .listen(ANY_PORT)
            .provider()
            .warm(MODEL)
            .inference(inference(engine)),
        engine);
  }

  /** A started node that works for nobody and knows these. */
  public Fake client(String name, InfernetNode... bootstrap) {
    FakeInferenceEngine engine = engine();
    List<Multiaddr> addresses = new ArrayList<>();
    for (InfernetNode peer : bootstrap) {
      addresses.addAll(peer.addresses());
    }
    Fake client =
        start(
            InfernetNode.builder()
                .home(folder.resolve(name))
                .bootstrap(addresses)
                .inference(inference(engine)),
            engine);
    client.node().peersTried().join();
    return client;
  }

  /** Starts what {@code builder} makes. */
  public Fake start(InfernetNode.Builder builder, FakeInferenceEngine engine) {
    // Nodes of other tests are none of theirs, nor what else runs on this machine.
    InfernetNode node = builder.mdns(false).set(Settings.BACKEND_DISCOVER, "false").build();
    open.add(node);
    node.start().join();
    return new Fake(node, engine);
  }

  @Override
  public void close() throws Exception {
    Collections.reverse(open);
    for (AutoCloseable node : open) {
      node.close();
    }
    scheduler.close();
  }
}
