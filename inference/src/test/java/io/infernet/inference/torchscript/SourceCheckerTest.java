package io.infernet.inference.torchscript;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SourceCheckerTest {

  @Test
  void acceptsWhatComputes() {
    assertDoesNotThrow(
        () ->
            SourceChecker.check(
                """
                class Net(Module):
                  weight : Tensor
                  def forward(self: __torch__.Net,
                    x: Tensor) -> Tensor:
                    _0 = getattr(self, "0")
                    n = ops.prim.NumToTensor(torch.size(x, 1))
                    if torch.gt(torch.len(x), 3):
                      ops.prim.RaiseException("too long")
                    return torch.linear((_0).forward(x, ), self.weight, None)
                """,
                "code/__torch__.py"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.from_file(\"/etc/passwd\", False, 100, dtype=0)",
        "torch.save(x, \"/tmp/x\")",
        "x.save(\"/tmp/x\")",
        "getattr(torch, \"save\")(x, \"/tmp/x\")",
        "t = torch # \nt . from_file (\"/etc/passwd\")",
        "# from_file",
        "torch.fork(f)",
        "ops.prim.rpc_async(x)",
        "torch.empty([1000000], dtype=6)",
        "torch.set_(x, y)",
        "torch._unsafe_index(x, y)",
        "torch._index_put_impl_(x, y, z, False, True)",
        "torch.manual_seed(1)",
        "x.resize_([10])"
      })
  void refusesOperatorsByName(String line) {
    UnsupportedModelException e =
        assertThrows(
            UnsupportedModelException.class, () -> SourceChecker.check(line + "\n", "code/x.py"));
    assertTrue(e.getMessage().startsWith("code/x.py uses "), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ops.mkldnn._linear_pointwise(x, w, None)",
        "ops.image.read_file(x)",
        "ops.prim.CudaFusionGroup(x)",
        "ops . aten . relu(x)",
        "o = ops",
        "getattr(torch, \"s\\x61ve\")(x)",
        "__torch__.torch.classes.dist.Store"
      })
  void refusesOtherOperatorsAndOtherWaysToNameThem(String line) {
    assertThrows(
        UnsupportedModelException.class, () -> SourceChecker.check(line + "\n", "code/x.py"));
  }

  @Test
  void refusesWhatIsNoPlainText() {
    for (String text : new String[] {"\u0000", "s\u00e4ve", "\u001b[2J"}) {
      assertThrows(DamagedModelException.class, () -> SourceChecker.check(text, "code/x.py"));
    }
  }

  /** Each of these, written a thousand times, ends the process in libtorch's parser. */
  @ParameterizedTest
  @ValueSource(
      strings = {"(", "[", "torch.neg(", "-", "x + ", "not ", "x.", "\n(", "(\")\", ", "(')', "})
  void refusesWhatIsNestedDeep(String piece) {
    String shallow = "y = " + piece.repeat(40) + "x\n";
    assertDoesNotThrow(() -> SourceChecker.check(shallow, "code/x.py"));
    UnsupportedModelException e =
        assertThrows(
            UnsupportedModelException.class,
            () -> SourceChecker.check("y = " + piece.repeat(1_000) + "x\n", "code/x.py"));
    assertTrue(e.getMessage().contains("nested more than 200 deep"), e.getMessage());
  }

  @Test
  void takesLongListsAndManyLines() {
    String list = "y = [" + "self.a.b, -1, torch.neg(x), ".repeat(10_000) + "]\n";
    assertDoesNotThrow(() -> SourceChecker.check(list.repeat(10), "code/x.py"));
    assertDoesNotThrow(() -> SourceChecker.check("f(\")\\\")\", ')(')\n".repeat(10_000), "x.py"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"# (", "\"\"\"text\"\"\"", "'''text'''", "\"open\n\""})
  void refusesTextInWhichStringsMayEndElsewhere(String text) {
    assertThrows(
        UnsupportedModelException.class, () -> SourceChecker.check(text + "\n", "code/x.py"));
  }

  @Test
  void refusesBlocksInManyOthers() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 1_000; i++) {
      text.append(" ".repeat(2 * i)).append("if x:\n");
    }
    assertThrows(
        UnsupportedModelException.class, () -> SourceChecker.check(text.toString(), "code/x.py"));
  }
}
