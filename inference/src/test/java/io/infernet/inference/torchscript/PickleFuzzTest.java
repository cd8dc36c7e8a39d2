package io.infernet.inference.torchscript;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.libp2p.testing.Property;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

class PickleFuzzTest {

  private static final PickleChecker CHECKER =
      new PickleChecker(
          Map.of("0", 24L, "1", 0L), new ArchiveLimits(10, 1000, 4000, 1000, 100, 50, 20));

  static Stream<byte[]> pickles() {
    return Stream.of(
        PickleBytes.start().ops(")").stop(),
        PickleBytes.start()
            .global("__torch__", "Net")
            .ops(")")
            .raw(0x81)
            .ops("}(")
            .text("w")
            .tensor("0", 6, 0, new long[] {2, 3}, new long[] {3, 1})
            .text("l")
            .global("torch.jit._pickle", "build_intlist")
            .ops("(](")
            .number(1)
            .ops("etRub")
            .stop(),
        PickleBytes.start().ops("]q").raw(0).ops("(NK").raw(3).ops("e").stop());
  }

  @MethodSource("pickles")
  @FuzzTest
  void acceptsOrSaysWhy(byte @NotNull [] pickle) {
    try {
      CHECKER.check(pickle, "data.pkl");
    } catch (DamagedModelException | UnsupportedModelException e) {
      // Anything else is a fault.
    }
  }

  @Test
  void acceptsOrSaysWhyWhenBytesChange() {
    byte[][] seeds = pickles().toArray(byte[][]::new);
    Property.forAll(
        20_000,
        random -> acceptsOrSaysWhy(Property.mutate(random, seeds[random.nextInt(seeds.length)])));
  }
}
