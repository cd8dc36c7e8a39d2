package io.infernet.inference.engine.djl;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.checkpoint.ScriptConfig;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.encoding.Encoder;
import io.infernet.inference.tokenizer.TypedTokens;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A TorchScript model of somebody else in libtorch, with the meaning that its descriptor gives it.
 * Texts of equal length are one call; there is no padding, so that no text depends on others.
 */
final class ScriptEncoder implements Encoder {

  private final Model model;
  private final PtSymbolBlock block;
  private final PtNDManager manager;
  private final ScriptConfig config;
  private final long weightBytes;
  private final int contextLength;
  private final int threads;
  private boolean closed;

  private ScriptEncoder(
      Model model, ScriptConfig config, long weightBytes, int contextLength, int threads) {
    this.model = model;
    this.config = config;
    this.weightBytes = weightBytes;
    this.contextLength = contextLength;
    this.threads = threads;
    block = (PtSymbolBlock) model.getBlock();
    manager = (PtNDManager) model.getNDManager();
  }

  /**
   * Loads an archive and reads a text with it, so that one that does not do what its descriptor
   * says is refused at once. May be called on a thread of its own.
   *
   * @param archive checked by {@link io.infernet.inference.torchscript.ForeignArchive}
   * @param weightBytes what it takes in memory
   * @param contextLength the most tokens of one text
   * @param threads that compute
   * @throws UnsupportedModelException when libtorch or the descriptor does not fit the archive
   */
  static ScriptEncoder load(
      Path archive, ScriptConfig config, long weightBytes, int contextLength, int threads) {
    Model model = Model.newInstance("script", "PyTorch");
    try {
      Libtorch.useThreads(threads);
      model.load(archive.getParent(), archive.getFileName().toString());
      ScriptEncoder encoder = new ScriptEncoder(model, config, weightBytes, contextLength, threads);
      for (int length : new int[] {Math.min(4, contextLength), 1}) {
        encoder.read(new int[1][length], new int[1][length]);
      }
      return encoder;
    } catch (UnsupportedModelException e) {
      model.close();
      throw e;
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      throw doesNotRun(e);
    }
  }

  private static UnsupportedModelException doesNotRun(Exception error) {
    return new UnsupportedModelException(
        "libtorch does not run %s: %s".formatted(ScriptConfig.MODEL_FILE, Libtorch.reason(error)));
  }

  @Override
  public int vocabSize() {
    return config.vocabSize();
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public long memoryBytes() {
    return weightBytes;
  }

  @Override
  public EncoderHead head() {
    return config.head();
  }

  @Override
  public List<float[]> encode(List<TypedTokens> texts) {
    if (closed) {
      throw new IllegalStateException("the encoder is closed");
    }
    Libtorch.useThreads(threads);
    Map<Integer, List<Integer>> byLength = new LinkedHashMap<>();
    for (int i = 0; i < texts.size(); i++) {
      byLength.computeIfAbsent(texts.get(i).size(), length -> new ArrayList<>()).add(i);
    }
    float[][] rows = new float[texts.size()][];
    for (List<Integer> alike : byLength.values()) {
      int[][] ids = new int[alike.size()][];
      int[][] types = new int[alike.size()][];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = texts.get(alike.get(i)).ids().toArray();
        types[i] = texts.get(alike.get(i)).types().toArray();
      }
      float[][] read = read(ids, types);
      for (int i = 0; i < ids.length; i++) {
        rows[alike.get(i)] = read[i];
      }
    }
    return List.of(rows);
  }

  /**
   * Runs the model.
   *
   * @param ids [texts, tokens]
   * @param types [texts, tokens]
   * @return [texts, width]
   */
  private float[][] read(int[][] ids, int[][] types) {
    int texts = ids.length;
    int tokens = ids[0].length;
    PtNDArray[] arrays = new PtNDArray[config.inputs().size()];
    IValue[] inputs = new IValue[arrays.length];
    try {
      for (int i = 0; i < arrays.length; i++) {
        long[] numbers = new long[texts * tokens];
        for (int t = 0; t < numbers.length; t++) {
          numbers[t] =
              switch (config.inputs().get(i)) {
                case INPUT_IDS -> ids[t / tokens][t % tokens];
                case TOKEN_TYPE_IDS -> types[t / tokens][t % tokens];
                case POSITION_IDS -> t % tokens;
                case ATTENTION_MASK -> 1;
              };
        }
        arrays[i] = (PtNDArray) manager.create(numbers, new Shape(texts, tokens));
        inputs[i] = IValue.from(arrays[i]);
      }
      try (IValue result = block.forward(inputs);
          PtNDArray output = output(result);
          // Asking for its number format first would end the JVM if that were bfloat16.
          PtNDArray floats = JniUtils.to(output, DataType.FLOAT32, Device.cpu())) {
        return rows(floats, texts, tokens);
      }
    } catch (EngineException e) {
      throw doesNotRun(e);
    } finally {
      for (int i = 0; i < arrays.length; i++) {
        if (inputs[i] != null) {
          inputs[i].close();
        }
        if (arrays[i] != null) {
          arrays[i].close();
        }
      }
    }
  }

  private PtNDArray output(IValue result) {
    if (config.output() instanceof ScriptConfig.Key key) {
      if (!result.isMap()) {
        throw unfit("gives no dictionary");
      }
      Map<String, IValue> parts = result.toIValueMap();
      try {
        IValue part = parts.get(key.name());
        if (part == null || !part.isTensor()) {
          throw unfit("gives no tensor " + key.name());
        }
        return part.toTensor(manager);
      } finally {
        parts.values().forEach(IValue::close);
      }
    }
    int index = ((ScriptConfig.Place) config.output()).index();
    if (result.isTensor() && index == 0) {
      return result.toTensor(manager);
    }
    if (!result.isTuple()) {
      throw unfit("gives neither a tensor nor a tuple");
    }
    IValue[] parts = result.toIValueTuple();
    try {
      if (index >= parts.length || !parts[index].isTensor()) {
        throw unfit("gives no tensor at place " + index);
      }
      return parts[index].toTensor(manager);
    } finally {
      Arrays.stream(parts).forEach(IValue::close);
    }
  }

  private float[][] rows(PtNDArray output, int texts, int tokens) {
    long[] shape = output.getShape().getShape();
    boolean pooled = config.pooling() == ScriptConfig.Pooling.NONE;
    boolean fits =
        shape.length == (pooled ? 2 : 3)
            && shape[0] == texts
            && (pooled || shape[1] == tokens)
            && shape[shape.length - 1] >= 1;
    if (fits) {
      long width = shape[shape.length - 1];
      fits =
          config.head() instanceof EncoderHead.Embedding embedding
              ? width <= embedding.width()
              : width == ((EncoderHead.Classification) config.head()).labels().size();
    }
    if (!fits) {
      throw unfit(
          "gives %s for %d texts of %d tokens".formatted(Arrays.toString(shape), texts, tokens));
    }
    int width = Math.toIntExact(shape[shape.length - 1]);
    FloatBuffer numbers =
        JniUtils.getByteBuffer(output, true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    float[][] rows = new float[texts][width];
    for (float[] row : rows) {
      if (pooled) {
        numbers.get(row);
      } else {
        pool(numbers, tokens, row);
      }
      if (config.normalized()) {
        normalize(row);
      }
    }
    return rows;
  }

  /** Takes the states of one text, [tokens, width]. */
  private void pool(FloatBuffer states, int tokens, float[] row) {
    float[] state = new float[row.length];
    for (int t = 0; t < tokens; t++) {
      states.get(state);
      for (int i = 0; i < row.length; i++) {
        row[i] =
            switch (config.pooling()) {
              case MEAN -> row[i] + state[i] / tokens;
              case MAX -> t == 0 ? state[i] : Math.max(row[i], state[i]);
              case CLS -> t == 0 ? state[i] : row[i];
              case LAST, NONE -> state[i];
            };
      }
    }
  }

  private static void normalize(float[] row) {
    double square = 0;
    for (float number : row) {
      square += (double) number * number;
    }
    double length = Math.max(Math.sqrt(square), 1e-12);
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) (row[i] / length);
    }
  }

  private static UnsupportedModelException unfit(String what) {
    return new UnsupportedModelException(
        "%s %s, unlike what %s says".formatted(ScriptConfig.MODEL_FILE, what, ScriptConfig.FILE));
  }

  @Override
  public void close() {
    closed = true;
    model.close();
  }
}
