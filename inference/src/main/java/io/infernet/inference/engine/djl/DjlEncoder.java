package io.infernet.inference.engine.djl;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.encoding.Encoder;
import io.infernet.inference.tokenizer.TypedTokens;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** An encoder in libtorch: one call of the generated graph for many texts. */
final class DjlEncoder implements Encoder {

  private final Model model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final EncoderGraph graph;
  private final int contextLength;
  private final int threads;
  private boolean closed;

  private DjlEncoder(Model model, EncoderGraph graph, int contextLength, int threads) {
    this.model = model;
    this.graph = graph;
    this.contextLength = contextLength;
    this.threads = threads;
    block = (PtSymbolBlock) model.getBlock();
    manager = (PtNDManager) model.getNDManager();
  }

  /**
   * Loads an archive and its weights, and runs it, so that the first text does not wait for
   * libtorch's compiler. May be called on a thread of its own.
   *
   * @param archive made from {@code graph}
   * @param files where the weights lie
   * @param contextLength the most tokens of one text
   * @param threads that compute
   * @throws InfernetException when memory does not suffice
   */
  static DjlEncoder load(
      Path archive, EncoderGraph graph, List<Path> files, int contextLength, int threads) {
    Model model = Model.newInstance("encoder", "PyTorch");
    try {
      Libtorch.useThreads(threads);
      model.load(archive.getParent(), archive.getFileName().toString());
      DjlEncoder encoder = new DjlEncoder(model, graph, contextLength, threads);
      encoder.prepare(files);
      return encoder;
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      if (String.valueOf(e.getMessage()).contains("allocate memory")) {
        throw new InfernetException(
            "not enough memory: the model needs about %d MB; use a smaller one"
                .formatted(graph.weightBytes() >> 20),
            e);
      }
      throw new IllegalStateException("libtorch refuses a model: " + Libtorch.reason(e), e);
    }
  }

  private void prepare(List<Path> files) {
    IValue[] paths =
        files.stream().map(file -> IValue.from(file.toString())).toArray(IValue[]::new);
    try (IValue list = IValue.listFrom(paths);
        IValue done = IValueUtils.runMethod(block, "load", list)) {
      done.toLong();
    } finally {
      Arrays.stream(paths).forEach(IValue::close);
    }
    // The compiler settles after a few runs.
    long[] ids = new long[Math.min(4, contextLength)];
    for (int i = 0; i < 3; i++) {
      run(ids, ids, new long[] {ids.length}, new long[] {1});
    }
  }

  @Override
  public int vocabSize() {
    return graph.vocabSize();
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public long memoryBytes() {
    return graph.weightBytes();
  }

  @Override
  public EncoderHead head() {
    return graph.head();
  }

  @Override
  public List<float[]> encode(List<TypedTokens> texts) {
    if (closed) {
      throw new IllegalStateException("the encoder is closed");
    }
    int[] order =
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> texts.get(i).size()))
            .mapToInt(Integer::intValue)
            .toArray();
    int tokens = texts.stream().mapToInt(TypedTokens::size).sum();
    long[] ids = new long[tokens];
    long[] types = new long[tokens];
    List<Long> lengths = new ArrayList<>();
    List<Long> counts = new ArrayList<>();
    int at = 0;
    for (int index : order) {
      TypedTokens text = texts.get(index);
      for (int i = 0; i < text.size(); i++) {
        ids[at] = text.ids().get(i);
        types[at++] = text.types().get(i);
      }
      int last = lengths.size() - 1;
      if (last >= 0 && lengths.get(last) == text.size()) {
        counts.set(last, counts.get(last) + 1);
      } else {
        lengths.add((long) text.size());
        counts.add(1L);
      }
    }
    Libtorch.useThreads(threads);
    FloatBuffer numbers = run(ids, types, toArray(lengths), toArray(counts));
    float[][] rows = new float[texts.size()][numbers.remaining() / texts.size()];
    for (int index : order) {
      numbers.get(rows[index]);
    }
    return List.of(rows);
  }

  private static long[] toArray(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  /** Runs the graph; see {@link EncoderGraph}. */
  private FloatBuffer run(long[] ids, long[] types, long[] lengths, long[] counts) {
    try (IValue tokens = IValue.listFrom(ids);
        IValue kinds = IValue.listFrom(types);
        IValue sizes = IValue.listFrom(lengths);
        IValue numbers = IValue.listFrom(counts);
        IValue result = block.forward(tokens, kinds, sizes, numbers);
        PtNDArray rows = result.toTensor(manager)) {
      FloatBuffer values =
          JniUtils.getByteBuffer(rows, false).order(ByteOrder.nativeOrder()).asFloatBuffer();
      float[] copy = new float[values.remaining()];
      values.get(copy);
      return FloatBuffer.wrap(copy);
    } catch (EngineException e) {
      throw new IllegalStateException("libtorch failed: " + Libtorch.reason(e), e);
    }
  }

  @Override
  public void close() {
    closed = true;
    model.close();
  }
}
