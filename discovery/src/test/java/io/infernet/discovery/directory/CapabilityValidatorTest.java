package io.infernet.discovery.directory;

import static io.infernet.discovery.directory.Samples.NOW;
import static io.infernet.discovery.directory.Samples.record;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.TestIdentities;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class CapabilityValidatorTest {

  private static final byte[] KEY = CapabilityValidator.key(TestIdentities.peerId(1));

  private final CapabilityValidator validator =
      new CapabilityValidator(DirectoryConfig.defaults(), Clock.fixed(NOW, ZoneOffset.UTC));

  private static byte[] value(SignedCapability signed) {
    return signed.envelope().toBytes();
  }

  private void refuses(byte[] key, byte[] value) {
    assertThrows(ProtocolViolationException.class, () -> validator.validate(key, value));
  }

  @Test
  void takesWhatAPeerSignedOfItself() {
    assertDoesNotThrow(() -> validator.validate(KEY, value(record(1, 1, NOW))));
    Instant old = NOW.minusSeconds(3_600);
    assertDoesNotThrow(() -> validator.validate(KEY, value(record(1, 1, old))));
  }

  @Test
  void refusesWhatIsForgedMisplacedOrOutOfTime() {
    refuses(KEY, value(Samples.forged(1, NOW)));
    refuses(KEY, value(record(2, 1, NOW)));
    refuses(KEY, value(record(1, 1, NOW.plusSeconds(31))));
    refuses(KEY, value(record(1, 1, NOW.minusSeconds(4 * 3_600))));
    refuses(KEY, new byte[0]);
    refuses(KEY, new byte[100_000]);
    refuses(
        "/infernet/capability/".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        value(record(1, 1, NOW)));
    assertThrows(
        ProtocolViolationException.class,
        () ->
            new CapabilityValidator(
                    DirectoryConfig.of(new NetworkName("lab")), Clock.fixed(NOW, ZoneOffset.UTC))
                .validate(KEY, value(record(1, 1, NOW))));
  }

  @Test
  void prefersTheHighestSequence() {
    assertEquals(
        1,
        validator.select(
            KEY,
            List.of(value(record(1, 4, NOW)), value(record(1, 9, NOW)), value(record(1, 5, NOW)))));
    assertEquals(0, validator.select(KEY, List.of(value(record(1, 4, NOW)))));
    assertEquals(1, validator.select(KEY, List.of(new byte[3], value(record(1, 4, NOW)))));
  }
}
