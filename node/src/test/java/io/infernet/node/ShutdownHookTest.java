package io.infernet.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ShutdownHookTest {

  /** Runs in another JVM, until that is told to end. */
  static final class Program {
    public static void main(String[] arguments) {
      try (ShutdownHook hook = ShutdownHook.interruptingCaller(Duration.ofSeconds(60))) {
        System.out.println("ready");
        try {
          Thread.sleep(Long.MAX_VALUE);
        } catch (InterruptedException e) {
          System.out.println("ended");
        }
      }
    }

    private Program() {}
  }

  @Test
  @Timeout(120)
  void theJvmEndsWhenTheInterruptedWorkHasEnded() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Program.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = process.inputReader()) {
      assertEquals("ready", out.readLine());
      process.toHandle().destroy();
      assertEquals("ended", out.readLine());
      assertEquals(143, process.waitFor());
    } finally {
      process.destroyForcibly();
    }
  }
}
