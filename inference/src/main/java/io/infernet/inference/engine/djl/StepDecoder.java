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
import io.infernet.inference.batching.Chunk;
import io.infernet.inference.batching.Decoder;
import io.infernet.inference.batching.Logits;
import io.infernet.inference.batching.Step;
import io.infernet.inference.batching.StepOutput;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A decoder in libtorch: one call of the generated graph for each step. */
final class StepDecoder implements Decoder {

  private static final float[] NONE = {};

  private final Model model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final Sizes sizes;
  private final int threads;
  private float[] logits = NONE;
  private boolean closed;

  /**
   * What a decoder is made for.
   *
   * @param vocabSize number of token ids
   * @param hiddenSize numbers in a hidden state
   * @param context most tokens of a sequence
   * @param stretchAfter the most of one that is computed as usual
   * @param places tokens in the cache
   * @param memoryBytes of weights and cache
   */
  record Sizes(
      int vocabSize, int hiddenSize, int context, int stretchAfter, int places, long memoryBytes) {}

  private StepDecoder(Model model, Sizes sizes, int threads) {
    this.model = model;
    this.sizes = sizes;
    this.threads = threads;
    block = (PtSymbolBlock) model.getBlock();
    manager = (PtNDManager) model.getNDManager();
  }

  /**
   * Loads an archive, reads its weights and runs it, so that the first answer does not wait for
   * libtorch's compiler. May be called on a thread of its own.
   *
   * @param archive made by {@link StepGraph}
   * @param files the weights, as {@link WeightLayout} counts them
   * @param threads that compute
   * @throws InfernetException when memory does not suffice
   */
  static StepDecoder load(Path archive, List<Path> files, Sizes sizes, int threads) {
    Model model = Model.newInstance("decoder", "PyTorch");
    try {
      Libtorch.useThreads(threads);
      model.load(archive.getParent(), archive.getFileName().toString());
      StepDecoder decoder = new StepDecoder(model, sizes, threads);
      decoder.prepare(files);
      decoder.warmUp();
      return decoder;
    } catch (IOException | MalformedModelException | RuntimeException | Error e) {
      model.close();
      if (isOfMemory(String.valueOf(e.getMessage()))) {
        throw new InfernetException(
            "not enough memory: the model needs about %d MB; use a smaller one or a shorter context"
                .formatted(sizes.memoryBytes >> 20),
            e);
      }
      throw new IllegalStateException("libtorch refuses a model: " + Libtorch.reason(e), e);
    }
  }

  /** As libtorch says it of the processor's memory, and of a card's. */
  private static boolean isOfMemory(String message) {
    return message.contains("allocate memory") || message.contains("out of memory");
  }

  private void prepare(List<Path> files) {
    IValue[] names =
        files.stream()
            .map(file -> IValue.from(file.toAbsolutePath().toString()))
            .toArray(IValue[]::new);
    try (IValue list = IValue.listFrom(names);
        IValue places = IValue.from((long) sizes.places);
        IValue context = IValue.from((long) sizes.context);
        IValue done = IValueUtils.runMethod(block, "prepare", list, places, context)) {
      done.toLong();
    } finally {
      Arrays.stream(names).forEach(IValue::close);
    }
  }

  /** The compiler settles after a few runs: a prompt, its continuation, single tokens, several. */
  private void warmUp() {
    int room = Math.min(Math.min(sizes.places, sizes.context), 4);
    for (int length : new int[] {2, 2, 1, 1, 1}) {
      for (Logits wanted : List.of(Logits.LAST, Logits.ALL, Logits.NONE)) {
        if (length <= room) {
          step(new Step(List.of(new Chunk(0, room - length, new int[length], wanted)), false));
        }
      }
    }
  }

  @Override
  public int vocabSize() {
    return sizes.vocabSize;
  }

  @Override
  public int hiddenSize() {
    return sizes.hiddenSize;
  }

  @Override
  public int contextLength() {
    return sizes.context;
  }

  @Override
  public int stretchAfter() {
    return sizes.stretchAfter;
  }

  @Override
  public int cacheTokens() {
    return sizes.places;
  }

  @Override
  public long memoryBytes() {
    return sizes.memoryBytes;
  }

  @Override
  public StepOutput step(Step step) {
    requireOpen();
    Libtorch.useThreads(threads);
    int tokens = step.tokens();
    long[] ids = new long[tokens];
    long[] positions = new long[tokens];
    long[] places = new long[tokens];
    long[] chunks = new long[3 * step.chunks().size()];
    long[] rows = new long[step.rows()];
    int token = 0;
    int row = 0;
    int number = 0;
    for (Chunk chunk : step.chunks()) {
      int count = chunk.ids().length;
      check(chunk);
      chunks[number++] = count;
      chunks[number++] = chunk.cacheStart();
      chunks[number++] = chunk.position();
      for (int i = count - chunk.logits().rows(count); i < count; i++) {
        rows[row++] = token + i;
      }
      for (int i = 0; i < count; i++) {
        ids[token] = chunk.ids()[i];
        // The tables of angles have those of stretched sequences behind the usual ones.
        positions[token] = chunk.position() + i + (chunk.stretched() ? sizes.stretchAfter : 0);
        places[token++] = chunk.cacheStart() + chunk.position() + i;
      }
    }
    try (IValue idList = IValue.listFrom(ids);
        IValue positionList = IValue.listFrom(positions);
        IValue placeList = IValue.listFrom(places);
        IValue chunkList = IValue.listFrom(chunks);
        IValue rowList = IValue.listFrom(rows);
        IValue hidden = IValue.from(step.hidden());
        IValue result =
            block.forward(idList, positionList, placeList, chunkList, rowList, hidden)) {
      PtNDArray[] tensors = result.toTensorArray(manager);
      try (PtNDArray first = tensors[0];
          PtNDArray second = tensors[1]) {
        int wanted = Math.multiplyExact(rows.length, sizes.vocabSize);
        if (logits.length < wanted) {
          logits = new float[wanted];
        }
        copy(first, logits, wanted);
        float[] states = step.hidden() ? new float[tokens * sizes.hiddenSize] : NONE;
        copy(second, states, states.length);
        return new StepOutput(step, logits, sizes.vocabSize, states);
      }
    } catch (EngineException e) {
      throw new IllegalStateException("libtorch failed: " + Libtorch.reason(e), e);
    }
  }

  private void check(Chunk chunk) {
    int end = chunk.position() + chunk.ids().length;
    if (end > sizes.context || chunk.cacheEnd() > sizes.places) {
      throw new IllegalArgumentException(
          "a chunk leaves the context of %d or the cache of %d: %d tokens at %d, cached at %d"
              .formatted(
                  sizes.context,
                  sizes.places,
                  chunk.ids().length,
                  chunk.position(),
                  chunk.cacheStart()));
    }
    for (int id : chunk.ids()) {
      if (id < 0 || id >= sizes.vocabSize) {
        throw new IllegalArgumentException("no such token: " + id);
      }
    }
  }

  private static void copy(PtNDArray tensor, float[] target, int count) {
    if (count > 0) {
      FloatBuffer numbers =
          JniUtils.getByteBuffer(tensor, true).order(ByteOrder.nativeOrder()).asFloatBuffer();
      numbers.get(target, 0, count);
    }
  }

  @Override
  public void copyCache(int from, int to, int tokens) {
    requireOpen();
    if (from < 0 || to < 0 || tokens < 0 || Math.max(from, to) > sizes.places - tokens) {
      throw new IllegalArgumentException(
          "cannot copy %d places from %d to %d of %d".formatted(tokens, from, to, sizes.places));
    }
    if (from == to || tokens == 0) {
      return;
    }
    Libtorch.useThreads(threads);
    try (IValue first = IValue.from((long) from);
        IValue target = IValue.from((long) to);
        IValue count = IValue.from((long) tokens);
        IValue done = IValueUtils.runMethod(block, "copy", first, target, count)) {
      done.toLong();
    } catch (EngineException e) {
      throw new IllegalStateException("libtorch failed: " + Libtorch.reason(e), e);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the decoder is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    model.close();
  }
}
