package io.infernet.inference.torchscript;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PickleCheckerTest {

  private static final ArchiveLimits LIMITS = new ArchiveLimits(10, 1000, 4000, 1000, 100, 50, 20);

  private final PickleChecker checker = new PickleChecker(Map.of("0", 24L, "1", 0L), LIMITS);

  private void accepts(Consumer<PickleBytes> content) {
    PickleBytes pickle = PickleBytes.start();
    content.accept(pickle);
    assertDoesNotThrow(() -> checker.check(pickle.stop(), "data.pkl"));
  }

  private void refuses(String named, Consumer<PickleBytes> content) {
    PickleBytes pickle = PickleBytes.start();
    content.accept(pickle);
    refuses(named, pickle.stop());
  }

  private void refuses(String named, byte[] pickle) {
    InfernetException e =
        assertThrows(InfernetException.class, () -> checker.check(pickle, "data.pkl"));
    assertTrue(
        e instanceof DamagedModelException || e instanceof UnsupportedModelException, e.toString());
    assertTrue(e.getMessage().startsWith("data.pkl "), e.getMessage());
    assertTrue(e.getMessage().contains(named), e.getMessage());
  }

  @Test
  void acceptsWhatModulesConsistOf() {
    accepts(
        p ->
            p.global("__torch__.nets", "Net")
                .ops(")")
                .raw(0x81)
                .ops("}(")
                .text("weight")
                .tensor("0", 6, 0, new long[] {2, 3}, new long[] {3, 1})
                .text("transposed")
                .tensor("0", 6, 0, new long[] {3, 2}, new long[] {1, 3})
                .text("part")
                .tensor("0", 6, 4, new long[] {2}, new long[] {1})
                .text("empty")
                .tensor("1", 0, 0, new long[] {0}, new long[] {1})
                .text("sizes")
                .global("torch.jit._pickle", "build_intlist")
                .ops("(](")
                .number(1)
                .number(-2)
                .ops("etR")
                .text("flags")
                .raw(0x88)
                .raw('r', 1, 0, 0, 0)
                .text("tuple")
                .ops("N")
                .raw(0x85)
                .ops("q")
                .raw(2)
                .text("again")
                .raw('h', 2)
                .text("float")
                .ops("G")
                .little(8, 0)
                .ops("ub"));
    accepts(p -> p.ops(")"));
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "posix, system",
    "builtins, eval",
    "__builtin__, eval",
    "torch, load",
    "torch._utils, _rebuild_sparse_tensor",
    "torch._utils, _rebuild_qtensor",
    "torch, QInt8Storage",
    "torch.jit._pickle, build_tensor_from_id",
    "__torch__.torch.classes.quantized, LinearPackedParamsBase",
    "__torch__..x, y",
    "'__torch__.x ', y"
  })
  void refusesOtherGlobalsByName(String module, String name) {
    refuses(name, p -> p.global(module, name));
  }

  @Test
  void callsNothingButTheFunctionsOfTorchScript() {
    refuses("call", p -> p.global("__torch__", "Net").ops(")R"));
    refuses("call", p -> p.global("torch", "FloatStorage").ops(")R"));
    refuses("call", p -> p.text("os.system").ops(")R"));
    refuses("no class of its own", p -> p.global("collections", "OrderedDict").ops(")").raw(0x81));
    refuses("dictionary made of", p -> p.global("collections", "OrderedDict").ops("(NtR"));
    refuses("arguments", p -> p.global("torch.jit._pickle", "build_intlist").ops(")R"));
    refuses("arguments", p -> p.global("torch.jit._pickle", "restore_type_tag").ops("(]NtR"));
    refuses(
        "type that is nested",
        p ->
            p.global("torch.jit._pickle", "restore_type_tag")
                .ops("(]")
                .text("List[".repeat(300))
                .ops("tR"));
    // Python's other ways to call something: INST, OBJ, EXT1, NEWOBJ_EX, STACK_GLOBAL, PERSID.
    for (int code : new int[] {'i', 'o', 0x82, 0x92, 0x93, 'P', 'S', 'I', 'V', '0', '1', '2'}) {
      refuses("operation 0x%02x".formatted(code), p -> p.raw(code));
    }
  }

  @Test
  void refusesTensorsThatReachBeyondTheirNumbers() {
    String beyond = "reaches beyond its storage";
    long huge = Long.MAX_VALUE;
    refuses(beyond, p -> p.tensor("0", 6, 0, new long[] {7}, new long[] {1}));
    refuses(beyond, p -> p.tensor("0", 6, 1, new long[] {6}, new long[] {1}));
    refuses(beyond, p -> p.tensor("0", 6, 6, new long[] {}, new long[] {}));
    refuses(beyond, p -> p.tensor("0", 6, -1, new long[] {1}, new long[] {1}));
    refuses(beyond, p -> p.tensor("0", 6, 0, new long[] {2, 3}, new long[] {4, 1}));
    refuses(beyond, p -> p.tensor("0", 6, 0, new long[] {2}, new long[] {-1}));
    refuses(beyond, p -> p.tensor("0", 6, 0, new long[] {-1}, new long[] {1}));
    refuses(beyond, p -> p.tensor("0", 6, 0, new long[] {huge, huge}, new long[] {huge, 1}));
    refuses(beyond, p -> p.tensor("0", 6, 0, new long[] {1 << 30}, new long[] {0}));
    refuses(beyond, p -> p.tensor("0", 6, 7, new long[] {0}, new long[] {1}));
    refuses(beyond, p -> p.tensor("0", 6, 0, new long[] {1, 1}, new long[] {1}));
    refuses("has 24 bytes", p -> p.tensor("0", 7, 0, new long[] {1}, new long[] {1}));
    refuses("has 24 bytes", p -> p.tensor("0", -1, 0, new long[] {1}, new long[] {1}));
    refuses("not there", p -> p.tensor("2", 6, 0, new long[] {1}, new long[] {1}));
    refuses("dimensions", p -> p.tensor("0", 6, 0, new long[17], new long[17]));
    refuses("no storage", p -> p.text("x").ops("Q"));
  }

  @Test
  void refusesValuesThatContainThemselves() {
    refuses("contain itself", p -> p.ops("]q").raw(0).ops("h").raw(0).ops("a"));
    refuses("contain itself", p -> p.ops("}q").raw(0).ops("(").text("x").ops("h").raw(0).ops("u"));
    // A list that is in another already cannot be changed any more.
    refuses("change", p -> p.ops("]q").raw(0).raw(0x85).ops("h").raw(0).ops("Na").raw(0x86));
  }

  @Test
  void refusesBombs() {
    refuses("nested", p -> p.ops(")").raw(repeat(0x85, 30)));
    refuses("stack", p -> p.ops("N".repeat(200)));
    refuses("operations", p -> p.ops("N").raw(noise(600)));
    refuses(
        "remembers",
        p -> {
          p.ops("N");
          for (int i = 0; i < 60; i++) {
            p.raw('q', i);
          }
        });
    refuses(
        "unfolds",
        p -> {
          p.ops(")q").raw(0);
          for (int i = 0; i < 15; i++) {
            p.raw('h', i, 'h', i, 0x86, 'q', i + 1);
          }
        });
    refuses("longer", new byte[5000]);
  }

  /** Puts the same value into the same place again and again. */
  private static int[] noise(int count) {
    int[] codes = new int[4 * count];
    for (int i = 0; i < codes.length; i += 4) {
      codes[i] = 'q';
      codes[i + 2] = 'q';
    }
    return codes;
  }

  private static int[] repeat(int code, int count) {
    int[] codes = new int[count];
    Arrays.fill(codes, code);
    return codes;
  }

  @Test
  void refusesWhatIsMalformed() {
    refuses("ends in the middle", new byte[0]);
    refuses("ends in the middle", new byte[] {(byte) 0x80, 2});
    refuses("protocol", new byte[] {(byte) 0x80, 4, 'N', '.'});
    refuses("empty stack", p -> p.ops("a"));
    refuses("empty stack", p -> p.raw(0x86));
    refuses("empty stack", p -> p.raw('q', 0));
    refuses("no mark", p -> p.ops("t"));
    refuses("mark", p -> p.ops("(").raw(0x85));
    refuses("does not end", p -> p.ops("NN"));
    refuses("does not end", p -> p.ops("N.N"));
    refuses("does not have", p -> p.raw('h', 9));
    refuses("key without", p -> p.ops("}(Nu"));
    refuses("ends in the middle", p -> p.ops("X").little(4, -1));
    refuses("no UTF-8", p -> p.ops("X").little(4, 1).raw(0xff));
    refuses("number of", p -> p.raw(0x8a, 9));
    refuses("name that cannot", p -> p.ops("ca\u0001b\nx\n"));
    refuses("change", p -> p.ops("NNa"));
  }
}
