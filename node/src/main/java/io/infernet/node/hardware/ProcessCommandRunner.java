package io.infernet.node.hardware;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs programs as processes of the operating system, bounded in time and in output. A program that
 * cannot even be killed, such as one that waits for a broken driver, is left behind. Safe from any
 * thread.
 */
public final class ProcessCommandRunner implements CommandRunner {

  private static final Logger LOG = LoggerFactory.getLogger(ProcessCommandRunner.class);

  /** {@code nvidia-smi} takes seconds where it must wake the driver. */
  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(10);

  private static final int USUAL_OUTPUT = 256 << 10;

  private final Duration timeout;
  private final int maxOutput;

  /**
   * @param timeout how long one program may run
   * @param maxOutput bytes that are kept of what it prints; the program is ended when it prints
   *     more
   */
  public ProcessCommandRunner(Duration timeout, int maxOutput) {
    this.timeout = requireNonNull(timeout, "timeout is null");
    if (timeout.isNegative() || timeout.isZero() || maxOutput < 1) {
      throw new IllegalArgumentException("a limit of commands is not above 0");
    }
    this.maxOutput = maxOutput;
  }

  /** For the tools of GPUs' vendors. */
  public static ProcessCommandRunner usual() {
    return new ProcessCommandRunner(USUAL_TIMEOUT, USUAL_OUTPUT);
  }

  @Override
  public Output run(List<String> command) {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
    } catch (IOException e) {
      LOG.debug("{} cannot be run: {}", command.get(0), e.getMessage());
      return new Output.Missing();
    }
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread reader = new Thread(() -> read(process, text), "output of " + command.get(0));
    reader.setDaemon(true);
    reader.start();
    try {
      String printed = text.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      if (process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        return new Output.Ended(process.exitValue(), printed);
      }
    } catch (TimeoutException e) {
      LOG.debug("{} did not end in {}", command.get(0), timeout);
    } catch (ExecutionException e) {
      LOG.debug("{}: its output cannot be read", command.get(0), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.destroyForcibly();
    }
    return new Output.TimedOut();
  }

  private void read(Process process, CompletableFuture<String> text) {
    try (InputStream out = process.getInputStream()) {
      text.complete(new String(out.readNBytes(maxOutput), StandardCharsets.UTF_8));
      if (out.read() >= 0) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      text.completeExceptionally(e);
    }
  }
}
