package io.infernet.libp2p.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/** What a package logs while a test runs, down to debug. Safe from any thread. */
public final class LogCapture extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  /** No line takes nearly this long; it only keeps a failed test from hanging. */
  private static final long AWAIT_NANOS = 30_000_000_000L;

  private final Logger logger;
  private final Level before;
  private final boolean additive;
  private final List<String> lines = new ArrayList<>();

  public LogCapture(String packageName) {
    logger = (Logger) LoggerFactory.getLogger(packageName);
    before = logger.getLevel();
    additive = logger.isAdditive();
    logger.setLevel(Level.DEBUG);
    logger.setAdditive(false);
    logger.addAppender(this);
    start();
  }

  @Override
  protected synchronized void append(ILoggingEvent event) {
    lines.add(event.getLevel() + " " + event.getFormattedMessage());
    notifyAll();
  }

  /** Waits for a line that contains a match of {@code regex}, takes it out and returns it. */
  public synchronized String await(String regex) {
    Pattern pattern = Pattern.compile(regex);
    long deadline = System.nanoTime() + AWAIT_NANOS;
    while (true) {
      for (int i = 0; i < lines.size(); i++) {
        if (pattern.matcher(lines.get(i)).find()) {
          return lines.remove(i);
        }
      }
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("no line with \"" + regex + "\" in:\n" + String.join("\n", lines));
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted", e);
      }
    }
  }

  public synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setAdditive(additive);
    logger.setLevel(before);
  }
}
