package io.infernet.verification.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.verification.batch.BatchSamples;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.Statement;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class StatementFuzzTest {

  private static final ItemCodec ITEMS = new ItemCodec(BatchLimits.defaults());

  /** The first byte says as what the rest is read. */
  @MethodSource("statements")
  @FuzzTest(maxDuration = "1m")
  void readsStatementsOrSaysNo(byte[] input) {
    if (input.length == 0) {
      return;
    }
    Statement.Kind[] kinds = Statement.Kind.values();
    Statement.Kind kind = kinds[Math.floorMod(input[0], kinds.length)];
    try {
      Signed<?> read = StatementCodecTest.decode(kind, Arrays.copyOfRange(input, 1, input.length));
      read.isGenuine();
      assertEquals(read, StatementCodecTest.decode(kind, read.envelope().toBytes()));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> statements() {
    return BatchSamples.statements(new SplittableRandom(1)).stream()
        .map(
            statement -> {
              byte[] bytes = StatementCodecTest.sign(statement).envelope().toBytes();
              byte[] input = new byte[1 + bytes.length];
              input[0] = (byte) Arrays.asList(Statement.Kind.values()).indexOf(statement.kind());
              System.arraycopy(bytes, 0, input, 1, bytes.length);
              return input;
            });
  }

  @MethodSource("items")
  @FuzzTest(maxDuration = "1m")
  void readsItemsAndResultsOrSaysNo(byte[] input) {
    try {
      ShardItem item = ITEMS.decodeItem(input);
      assertEquals(item, ITEMS.decodeItem(ITEMS.encode(item)));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
    try {
      ItemResult result = ITEMS.decodeResult(input);
      assertEquals(result, ITEMS.decodeResult(ITEMS.encode(result)));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> items() {
    SplittableRandom random = new SplittableRandom(1);
    return Stream.concat(
        Stream.generate(() -> ITEMS.encode(BatchSamples.result(random))).limit(20),
        Stream.of(ITEMS.encode(BatchSamples.item(random)), new byte[0]));
  }
}
