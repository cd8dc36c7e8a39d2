package io.infernet.libp2p.multiformats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class MultibaseFuzzTest {

  static Stream<String> seeds() {
    return Arrays.stream(Multibase.values())
        .flatMap(base -> Stream.of(base.encode(new byte[] {0, 0, 1, -1, 77}), base.prefix() + ""));
  }

  @MethodSource("seeds")
  @FuzzTest
  void hasOneTextForEachValue(@NotNull String text) {
    byte[] bytes;
    try {
      bytes = Multibase.decode(text);
    } catch (IllegalArgumentException e) {
      return;
    }
    Multibase base =
        Arrays.stream(Multibase.values())
            .filter(b -> b.prefix() == text.charAt(0))
            .findFirst()
            .orElseThrow();
    assertEquals(text, base.encode(bytes));
  }
}
