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
import io.infernet.inference.engine.Decoder;
import io.infernet.inference.engine.InferenceSession;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** A decoder in libtorch: one call of the generated graph for each step. */
final class DjlDecoder implements Decoder {

  private final Model model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final KvCache cache;
  private final int threads;
  private final long memoryBytes;
  private final float[] lastLogits;
  private boolean closed;

  private DjlDecoder(Model model, DecoderGraph graph, KvCache cache, int threads) {
    this.model = model;
    this.cache = cache;
    this.threads = threads;
    block = (PtSymbolBlock) model.getBlock();
    manager = (PtNDManager) model.getNDManager();
    memoryBytes = memoryBytes(graph, cache);
    lastLogits = new float[graph.vocabSize()];
  }

  private static long memoryBytes(DecoderGraph graph, KvCache cache) {
    return graph.weightBytes() + graph.cacheBytes(cache);
  }

  /**
   * Loads an archive, prepares its weights and runs it, so that the first answer does not wait for
   * libtorch's compiler. May be called on a thread of its own.
   *
   * @param archive made from {@code graph}
   * @param cache how many sequences of which length
   * @param threads that compute
   * @throws InfernetException when memory does not suffice
   */
  static DjlDecoder load(Path archive, DecoderGraph graph, KvCache cache, int threads) {
    Model model = Model.newInstance("decoder", "PyTorch");
    try {
      Libtorch.useThreads(threads);
      model.load(archive.getParent(), archive.getFileName().toString());
      DjlDecoder decoder = new DjlDecoder(model, graph, cache, threads);
      decoder.prepare();
      return decoder;
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      if (String.valueOf(e.getMessage()).contains("allocate memory")) {
        throw new InfernetException(
            "not enough memory: the model needs about %d MB; use a smaller one or a shorter context"
                .formatted(memoryBytes(graph, cache) >> 20),
            e);
      }
      throw new IllegalStateException("libtorch refuses a model: " + Libtorch.firstLine(e), e);
    }
  }

  private void prepare() {
    try (IValue slots = IValue.from((long) cache.slots());
        IValue context = IValue.from((long) cache.context());
        IValue done = IValueUtils.runMethod(block, "prepare", slots, context)) {
      done.toLong();
    }
    // The compiler settles after a few runs: a prompt, a prompt's continuation, single tokens.
    for (int length : new int[] {2, 2, 1, 1, 1}) {
      int from = length == 1 ? 4 : 0;
      if (from + length <= cache.context()) {
        step(new int[length], from, 0, false);
        step(new int[length], Math.min(from + 2, cache.context() - length), 0, true);
      }
    }
  }

  @Override
  public int vocabSize() {
    return lastLogits.length;
  }

  @Override
  public int slots() {
    return cache.slots();
  }

  @Override
  public int contextLength() {
    return cache.context();
  }

  @Override
  public long memoryBytes() {
    return memoryBytes;
  }

  @Override
  public Optional<InferenceSession> openSession() {
    OptionalInt slot = cache.acquire();
    return slot.isPresent() ? Optional.of(new DjlSession(slot.getAsInt())) : Optional.empty();
  }

  @Override
  public void close() {
    closed = true;
    model.close();
  }

  /** Runs the graph; see {@link DecoderGraph}. */
  private float[] step(int[] ids, int position, int slot, boolean all) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      wide[i] = ids[i];
    }
    try (IValue tokens = IValue.listFrom(wide);
        IValue from = IValue.from((long) position);
        IValue sequence = IValue.from((long) slot);
        IValue every = IValue.from(all);
        IValue result = block.forward(tokens, from, sequence, every);
        PtNDArray logits = result.toTensor(manager)) {
      FloatBuffer numbers =
          JniUtils.getByteBuffer(logits, true).order(ByteOrder.nativeOrder()).asFloatBuffer();
      float[] copy =
          numbers.remaining() == lastLogits.length ? lastLogits : new float[numbers.remaining()];
      numbers.get(copy);
      return copy;
    } catch (EngineException e) {
      throw new IllegalStateException("libtorch failed: " + Libtorch.firstLine(e), e);
    }
  }

  private final class DjlSession implements InferenceSession {
    private final int slot;
    private int length;
    private boolean closed;

    DjlSession(int slot) {
      this.slot = slot;
    }

    @Override
    public int length() {
      return length;
    }

    @Override
    public float[] append(int[] ids, boolean all) {
      if (closed || DjlDecoder.this.closed) {
        throw new IllegalStateException("the session is closed");
      }
      if (ids.length == 0 || ids.length > cache.context() - length) {
        throw new IllegalArgumentException(
            "cannot append %d tokens to %d of %d".formatted(ids.length, length, cache.context()));
      }
      Libtorch.useThreads(threads);
      float[] logits = step(ids, length, slot, all);
      length += ids.length;
      return logits;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        cache.release(slot);
      }
    }
  }
}
