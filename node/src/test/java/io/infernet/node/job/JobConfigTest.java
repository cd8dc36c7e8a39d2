package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.discovery.directory.PriceList;
import io.infernet.inference.InfernetException;
import io.infernet.node.DeadlinePassedException;
import io.infernet.node.ExitCode;
import io.infernet.node.NoProviderException;
import io.infernet.node.UsageException;
import io.infernet.node.VerificationFailedException;
import io.infernet.node.job.wire.JobLimits;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class JobConfigTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void showsTheDefaults() {
    assertEquals(
        new JobClientConfig(
            JobLimits.defaults(),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofSeconds(15),
            Duration.ofSeconds(90),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10)),
        JobClientConfig.defaults());
    assertEquals(
        new JobProviderConfig(
            JobLimits.defaults(),
            PriceList.free(),
            Duration.ofSeconds(10),
            Duration.ofHours(1),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(1),
            256,
            64,
            32,
            1_200,
            10_000,
            256),
        JobProviderConfig.defaults());
    assertEquals(
        new ChatServiceConfig(
            256,
            Duration.ofMinutes(5),
            Duration.ofMinutes(50),
            0,
            256,
            4,
            16,
            Duration.ofSeconds(6),
            Duration.ofSeconds(2)),
        ChatServiceConfig.defaults());
  }

  @Test
  void refusesNonsense() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new JobClientConfig(
                JobLimits.defaults(), SECOND, SECOND, SECOND, SECOND, Duration.ZERO, SECOND));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new JobProviderConfig(
                JobLimits.defaults(),
                PriceList.free(),
                SECOND,
                SECOND,
                SECOND,
                SECOND,
                SECOND,
                0,
                1,
                1,
                1,
                1,
                1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ChatServiceConfig(1, SECOND.plus(SECOND), SECOND, 0, 1, 1, 1, SECOND, SECOND));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ChatServiceConfig(0, SECOND, SECOND, 0, 1, 1, 1, SECOND, SECOND));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ChatServiceConfig(1, SECOND, SECOND, -1, 1, 1, 1, SECOND, SECOND));
  }

  @Test
  void endsEachErrorWithItsExitCode() {
    assertEquals(2, ExitCode.of(new UsageException("")).value());
    assertEquals(3, ExitCode.of(new NoProviderException("")).value());
    assertEquals(4, ExitCode.of(new VerificationFailedException("")).value());
    assertEquals(5, ExitCode.of(new CompletionException(new DeadlinePassedException(""))).value());
    assertEquals(1, ExitCode.of(new InfernetException("")).value());
    assertEquals(1, ExitCode.of(new IllegalStateException()).value());
    assertEquals(0, ExitCode.DONE.value());
  }
}
