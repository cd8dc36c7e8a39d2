package io.infernet.inference.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Step;
import io.infernet.inference.batching.StepOutput;
import io.infernet.inference.bench.QualityBenchmark.Result;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class QualityBenchmarkTest {

  /** Always says the same of the next token, whatever came before. */
  private record Opinion(float... logits) implements Decoder {
    @Override
    public int vocabSize() {
      return logits.length;
    }

    @Override
    public int hiddenSize() {
      return 1;
    }

    @Override
    public int contextLength() {
      return 8;
    }

    @Override
    public int cacheTokens() {
      return 8;
    }

    @Override
    public long memoryBytes() {
      return 0;
    }

    @Override
    public StepOutput step(Step step) {
      Chunk chunk = step.chunks().get(0);
      if (chunk.cacheEnd() > contextLength()) {
        throw new IllegalArgumentException("beyond the context");
      }
      float[] rows = new float[step.rows() * logits.length];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = logits[i % logits.length];
      }
      return new StepOutput(step, rows, logits.length, new float[0]);
    }

    @Override
    public void copyCache(int from, int to, int tokens) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  @Test
  void aModelLosesNothingAgainstItself() throws InterruptedException {
    Decoder even = new Opinion(1, 1, 1, 1);
    int[] ids = new int[30];
    Arrays.fill(ids, 3);
    Result result = QualityBenchmark.measure(even, even, ids, 8);
    assertEquals(29, result.predictions());
    assertEquals(4, result.perplexity(), 1e-9);
    assertEquals(4, result.referencePerplexity(), 1e-9);
    assertEquals(0, result.meanDivergence(), 1e-12);
    assertEquals(1, result.sameFirstChoice());
  }

  @Test
  void measuresTheDivergenceOfAnother() throws InterruptedException {
    // Reference 1/4 and 3/4, variant 1/2 each.
    Decoder reference = new Opinion(0, (float) Math.log(3));
    Decoder variant = new Opinion(0, 0);
    Result result = QualityBenchmark.measure(reference, variant, new int[] {1, 1, 0}, 8);
    double expected = 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5);
    assertEquals(expected, result.meanDivergence(), 1e-7);
    assertEquals(expected, result.worstDivergence(), 1e-7);
    assertEquals(2, result.perplexity(), 1e-9);
    assertEquals(Math.sqrt(4.0 / 3 * 4), result.referencePerplexity(), 1e-6);
    assertEquals(0, result.sameFirstChoice());
  }

  @Test
  void thereIsATextToPredict() throws InterruptedException {
    assertTrue(QualityBenchmark.text().length() > 5_000);
    Decoder any = new Opinion(1, 1);
    assertThrows(
        IllegalArgumentException.class, () -> QualityBenchmark.measure(any, any, new int[] {1}, 8));
  }
}
