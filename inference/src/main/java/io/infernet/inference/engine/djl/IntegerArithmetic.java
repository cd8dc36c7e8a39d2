package io.infernet.inference.engine.djl;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this machine's libtorch does with whole numbers.
 *
 * @param exact whether {@code torch._int_mm} gives sums of 8-bit products as they are: on
 *     processors without VNNI instructions it saturates
 * @param block rows in a half of the blocks that its kernel for 4-bit weights reads: 32 with
 *     AVX-512, 16 with AVX2, 0 where the layout is another
 */
record IntegerArithmetic(boolean exact, int block) {

  private static final Logger LOG = LoggerFactory.getLogger(IntegerArithmetic.class);

  /** Sums that saturate where they can, and a matrix of all levels laid out by the kernel. */
  private static final String SOURCE =
      """
      class Model(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        def forward(self: __torch__.Model,
          n: int) -> int:
          x = torch.full([n, 64], 127, dtype=1)
          right = torch.eq(torch._int_mm(x, torch.t(x)), 1032256)
          answer = annotate(int, torch.item(torch.to(torch.all(right), 4)))
          levels = torch.add(torch.mul(torch.unsqueeze(torch.arange(64, dtype=3), 1), 7), torch.mul(torch.arange(32, dtype=3), 3))
          levels = torch.bitwise_and(levels, 15)
          packed = torch.to(torch._convert_weight_to_int4pack_for_cpu(levels, 1), 3)
          halves = torch.view(levels, [2, 32, 32])
          expected = torch.add(torch.select(halves, 0, 0), torch.mul(torch.select(halves, 0, 1), 16))
          if torch.equal(torch.reshape(torch.t(expected), [-1]), torch.reshape(packed, [-1])):
            answer = torch.add(answer, 32)
          halves = torch.view(levels, [2, 2, 16, 32])
          expected = torch.add(torch.select(halves, 1, 0), torch.mul(torch.select(halves, 1, 1), 16))
          if torch.equal(torch.reshape(torch.permute(expected, [0, 2, 1]), [-1]), torch.reshape(packed, [-1])):
            answer = torch.add(answer, 16)
          return answer
      """;

  /** Tries it out; {@link Libtorch#start} comes first. */
  static IntegerArithmetic ofThisMachine() {
    IntegerArithmetic found = new IntegerArithmetic(false, 0);
    try {
      Path folder = Files.createTempDirectory("infernet-probe");
      Path file = folder.resolve("integers.pt");
      try (Model model = Model.newInstance("integers", "PyTorch")) {
        new TorchScriptArchive(SOURCE).write(file);
        model.load(folder, file.getFileName().toString());
        try (IValue rows = IValue.from(5L);
            IValue answer = ((PtSymbolBlock) model.getBlock()).forward(rows)) {
          long number = answer.toLong();
          found = new IntegerArithmetic(number % 2 == 1, (int) (number / 2 * 2));
        }
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    } catch (IOException | MalformedModelException | EngineException e) {
      LOG.warn("cannot try out whole numbers: {}", Libtorch.reason(e));
    }
    if (!found.exact || found.block == 0) {
      LOG.warn(
          "this processor has no fast arithmetic for quantized models ({}): int8 and int4 work, but bf16 may be as fast",
          found.label());
    }
    return found;
  }

  /** In names of files. */
  String label() {
    return (exact ? "exact-" : "rounded-") + block;
  }
}
