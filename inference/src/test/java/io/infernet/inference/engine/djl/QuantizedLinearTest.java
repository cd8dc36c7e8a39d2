package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import io.infernet.inference.checkpoint.Activation;
import io.infernet.inference.checkpoint.Checkpoint;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.Projection;
import io.infernet.inference.checkpoint.RandomCheckpoint;
import io.infernet.inference.quantization.QuantizedMatrix;
import io.infernet.inference.quantization.QuantizedWeights;
import io.infernet.inference.quantization.WeightFormat;
import io.infernet.inference.testing.TestModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Products of quantized matrices, alone, against what the numbers in the file say. */
class QuantizedLinearTest {

  private static final CheckpointLimits LIMITS = CheckpointLimits.defaults();

  /** The gate and up projections have 2 · 1100 rows, no multiple of 64, in more than 32 blocks. */
  private static final String CONFIG =
      """
      {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 192,
       "intermediate_size": 1100, "num_hidden_layers": 1, "num_attention_heads": 6,
       "num_key_value_heads": 1, "vocab_size": 99, "max_position_embeddings": 64,
       "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
       "tie_word_embeddings": false, "eos_token_id": 0, "torch_dtype": "bfloat16"}
      """;

  @TempDir Path home;
  private Checkpoint checkpoint;

  @BeforeEach
  void start() throws IOException {
    Libtorch.start(TestModels.config(home).nativesFolder());
    Path folder = Files.createDirectories(home.resolve("model"));
    RandomCheckpoint.of(CONFIG.getBytes(StandardCharsets.UTF_8), DType.BF16).writeTo(folder);
    checkpoint = Checkpoint.open(folder, LIMITS);
  }

  /** A module that multiplies with one matrix. */
  private final class Product implements AutoCloseable {
    private final Model model = Model.newInstance("product", "PyTorch");
    private final int columns;

    Product(Projection matrix, WeightFormat format, LinearKernel kernel, WeightSource source)
        throws IOException {
      columns = (int) matrix.columns();
      String text =
          """
          class Model(Module):
            __parameters__ = []
            __buffers__ = []
            training : bool
            layout : List[int]
            cursor : int
            w : List[Tensor]
          """
              + ScriptText.method(
                  kernel.methods(Activation.SILU)
                      + WeightLayout.methods()
                      + """
                      def prepare(self: __torch__.Model,
                        files: List[str]) -> int:
                        self.w = (self).matrix(files)
                        return 0
                      def forward(self: __torch__.Model,
                        x: Tensor) -> Tensor:
                        return torch.to((self).linear(torch.to(x, $TYPE), self.w), 6)
                      def sum(self: __torch__.Model,
                        x: Tensor) -> Tensor:
                        x = torch.to(x, $TYPE)
                        y = (self).linear(x, self.w)
                        return torch.to((self).linear_add(x, self.w, y), 6)
                      """);
      text = ScriptText.fill(text, Map.of("TYPE", 15, "DEVICE", "torch.device(\"cpu\")"));
      WeightLayout layout = new WeightLayout(source);
      layout.matrix(matrix);
      TorchScriptArchive archive = new TorchScriptArchive(text);
      archive.integers("layout", layout.numbers());
      archive.integer("cursor", 0);
      archive.list("w");
      Path file = Files.createTempDirectory(home, "product").resolve("product.pt");
      archive.write(file);
      try {
        model.load(file.getParent(), file.getFileName().toString());
      } catch (ai.djl.MalformedModelException e) {
        throw new IOException(e);
      }
      IValue[] names =
          layout.files().stream().map(f -> IValue.from(f.toString())).toArray(IValue[]::new);
      try (IValue files = IValue.listFrom(names);
          IValue done = IValueUtils.runMethod((PtSymbolBlock) model.getBlock(), "prepare", files)) {
        assertEquals(0, done.toLong());
      } finally {
        Arrays.stream(names).forEach(IValue::close);
      }
    }

    float[] of(float[] rows, String method) {
      PtNDManager manager = (PtNDManager) model.getNDManager();
      try (PtNDArray x =
              (PtNDArray) manager.create(rows, new Shape(rows.length / columns, columns));
          IValue in = IValue.from(x);
          IValue out = IValueUtils.runMethod((PtSymbolBlock) model.getBlock(), method, in);
          PtNDArray y = out.toTensor(manager)) {
        return y.toFloatArray();
      }
    }

    @Override
    public void close() {
      model.close();
    }
  }

  private Product product(Projection matrix, WeightFormat format, IntegerArithmetic integers)
      throws IOException {
    QuantizedWeights weights =
        new QuantizedWeights(List.of(QuantizedMatrix.of(matrix, format)), LIMITS);
    Path file = home.resolve(format + ".weights");
    if (!weights.isWhole(file, 1)) {
      Files.deleteIfExists(file);
      weights.write(file, checkpoint, 1);
    }
    return new Product(
        matrix,
        format,
        new QuantizedLinear(weights, () -> integers),
        new QuantizedSource(WeightSource.of(checkpoint), weights, file));
  }

  private float[] rows(int tokens, int columns, long seed) {
    Random random = new Random(seed);
    float[] rows = new float[tokens * columns];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian() * (i % 17 == 0 ? 9 : 1);
    }
    return rows;
  }

  private List<Projection> matrices() {
    return List.of(
        checkpoint.config().tensors().qkv(0),
        checkpoint.config().tensors().gateUp(0),
        checkpoint.config().tensors().down(0));
  }

  /** What this machine can do, and what lesser ones must do instead. */
  private static List<IntegerArithmetic> arithmetics() {
    IntegerArithmetic here = IntegerArithmetic.ofThisMachine();
    List<IntegerArithmetic> all = new ArrayList<>(List.of(here));
    all.add(new IntegerArithmetic(false, here.block()));
    all.add(new IntegerArithmetic(here.exact(), 0));
    return all.stream().distinct().toList();
  }

  @Test
  void givesATokenTheSameNumbersAloneAndAmongOthers() throws IOException {
    for (WeightFormat format : WeightFormat.values()) {
      for (IntegerArithmetic integers : arithmetics()) {
        for (Projection matrix : matrices()) {
          Files.deleteIfExists(home.resolve(format + ".weights"));
          int columns = (int) matrix.columns();
          int tokens = 40;
          float[] x = rows(tokens, columns, 5);
          try (Product product = product(matrix, format, integers)) {
            float[] together = product.of(x, "forward");
            int width = together.length / tokens;
            assertEquals(matrix.rows(), width);
            for (int t = 0; t < tokens; t++) {
              float[] alone =
                  product.of(Arrays.copyOfRange(x, t * columns, (t + 1) * columns), "forward");
              assertArrayEquals(
                  Arrays.copyOfRange(together, t * width, (t + 1) * width),
                  alone,
                  "%s %s %s token %d".formatted(format, integers, matrix.weights(), t));
            }
          }
        }
      }
    }
  }

  @Test
  void multipliesNearlyAsTheStoredMatrixDoes() throws IOException {
    for (WeightFormat format : WeightFormat.values()) {
      for (IntegerArithmetic integers : arithmetics()) {
        for (Projection matrix : matrices()) {
          Files.deleteIfExists(home.resolve(format + ".weights"));
          int columns = (int) matrix.columns();
          for (int tokens : new int[] {1, 3, 33}) {
            float[] x = rows(tokens, columns, tokens);
            float[] expected;
            try (Product plain =
                new Product(matrix, format, new PlainLinear(), WeightSource.of(checkpoint))) {
              expected = plain.of(x, "sum");
            }
            try (Product product = product(matrix, format, integers)) {
              float[] actual = product.of(x, "sum");
              double error = 0;
              double all = 0;
              for (int i = 0; i < expected.length; i++) {
                error += Math.pow(actual[i] - expected[i], 2);
                all += Math.pow(expected[i], 2);
              }
              // Rows of 192 and 1,100 numbers; without 4 bits for the latter, which fit no group.
              double bound = format == WeightFormat.INT8 ? 0.032 : 0.12;
              assertTrue(
                  Math.sqrt(error / all) < bound,
                  "%s %s %s %d tokens: %s"
                      .formatted(
                          format, integers, matrix.weights(), tokens, Math.sqrt(error / all)));
            }
          }
        }
      }
    }
  }

  @Test
  void tokensOfZerosGiveTheBias() throws IOException {
    for (WeightFormat format : WeightFormat.values()) {
      Projection matrix = checkpoint.config().tensors().gateUp(0);
      try (Product product = product(matrix, format, IntegerArithmetic.ofThisMachine())) {
        for (int tokens : new int[] {1, 30}) {
          float[] y = product.of(new float[tokens * (int) matrix.columns()], "forward");
          assertArrayEquals(new float[y.length], y);
        }
      }
    }
  }
}
