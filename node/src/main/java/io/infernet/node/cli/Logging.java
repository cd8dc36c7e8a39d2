package io.infernet.node.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of the log a person at the console sees. Only verbs that start a node set it up: it costs
 * more time than the short verbs take.
 */
final class Logging {

  private Logging() {}

  /** Sends log lines of {@code level} and above to standard error. */
  static void toConsole(Level level) {
    LoggerContext loggers = (LoggerContext) LoggerFactory.getILoggerFactory();
    loggers.reset();
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(loggers);
    encoder.setPattern("%d{HH:mm:ss} %-5level %logger{0}: %msg%n%ex{0}");
    if (level.toInt() <= Level.DEBUG_INT) {
      encoder.setPattern("%d{HH:mm:ss.SSS} %-5level [%thread] %logger: %msg%n%ex");
    }
    encoder.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(loggers);
    console.setTarget("System.err");
    console.setEncoder(encoder);
    console.start();
    ch.qos.logback.classic.Logger root = loggers.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(level);
    root.addAppender(console);
    // What these say is said again, in one line, where it matters.
    loggers.getLogger("io.javalin").setLevel(Level.OFF);
    loggers.getLogger("org.eclipse.jetty").setLevel(Level.ERROR);
    loggers.getLogger("ai.djl").setLevel(Level.ERROR);
    loggers.getLogger("io.netty").setLevel(Level.ERROR);
  }
}
