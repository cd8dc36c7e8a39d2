package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import io.infernet.node.assembly.NodeAssembly;
import io.infernet.node.config.ConfigLoader;
import io.infernet.node.config.HomeSetup;
import io.infernet.node.config.NodeConfig;
import io.infernet.node.config.Setting;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatEventReader;
import io.infernet.node.job.ChatJob;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers from a node that lives as long as the command: it reaches for the bootstrap peers,
 * listens nowhere, and falls back on this machine.
 */
final class OwnNodeAnswers implements Answers {

  /**
   * The longest wait for peers before the first answer, where the settings name some; a connection
   * over loopback takes 30 ms, one around the world less than a second.
   */
  private static final Duration BOOTSTRAP_TIMEOUT = Duration.ofSeconds(2);

  /** The same for peers that are only remembered from earlier times. */
  private static final Duration KNOWN_PEERS_TIMEOUT = Duration.ofSeconds(1);

  private static final Duration FOREVER = Duration.ofDays(365);

  private final NodeAssembly node;
  private volatile @Nullable ChatJob current;

  OwnNodeAnswers(GlobalOptions global, Map<Setting<?>, ConfigLoader.Flag> flags)
      throws InterruptedException {
    Logging.toConsole(global.debug() ? Level.DEBUG : Level.ERROR);
    HomeSetup.Result home = HomeSetup.ensure(global.home(), new SecureRandom(), global::warn);
    NodeConfig config = NodeConfig.of(global.home(), global.settings(flags)).shortLived();
    node = new NodeAssembly(config, home.key(), global::warn);
    node.start().join();
    try {
      boolean named = !config.network().bootstrap().isEmpty();
      node.peersTried()
          .get((named ? BOOTSTRAP_TIMEOUT : KNOWN_PEERS_TIMEOUT).toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // Answered without them.
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public ChatResult ask(ChatRequest request, Consumer<ChatEvent> events)
      throws InterruptedException {
    ChatJob job = node.chat().start(request);
    current = job;
    ChatEventReader reader = new ChatEventReader();
    job.events().subscribe(reader);
    while (true) {
      Optional<ChatEvent> event = reader.next(FOREVER);
      if (event.isPresent()) {
        events.accept(event.get());
        if (event.get() instanceof ChatEvent.Finished end) {
          current = null;
          return end.result();
        }
      }
    }
  }

  @Override
  public void close() {
    ChatJob job = current;
    if (job != null) {
      job.cancel();
    }
    node.close();
  }
}
