package io.infernet.inference.checkpoint;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The shape of an encoder: a transformer that reads whole texts, and what is made of its hidden
 * states.
 *
 * @param body the transformer
 * @param pooling how hidden states become one vector: several ways give vectors that are put one
 *     behind the other
 * @param dense layers that the vector goes through after that
 * @param normalized whether vectors are divided by their Euclidean length
 * @param head what the numbers mean
 * @param contextLength the most tokens of one text
 */
public record EncoderConfig(
    Body body,
    List<Pooling> pooling,
    List<Dense> dense,
    boolean normalized,
    EncoderHead head,
    int contextLength)
    implements ModelDescription {

  /** The families this version runs. A new one is an entry here and a class. */
  private static final List<EncoderFamily> FAMILIES =
      List.of(
          BertFamily.bert(), BertFamily.roberta(), BertFamily.xlmRoberta(), new DistilBertFamily());

  /** Architectures of which only the transformer counts: heads for masked words are left out. */
  private static final List<String> PLAIN = List.of("Model", "ForMaskedLM");

  private static final String CLASSIFIER = "ForSequenceClassification";

  private static final int MAX_LAYERS = 1_024;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_INNER = 1 << 22;

  /**
   * The transformer.
   *
   * @param family the family's short name, such as {@code bert}
   * @param names what its tensors are called
   * @param vocabSize number of token ids
   * @param hiddenSize width of a hidden state
   * @param intermediateSize width inside the feed-forward part
   * @param layers number of layers
   * @param heads attention heads, which share the width evenly
   * @param positions rows of the table of positions
   * @param firstPosition the row of the first token
   * @param tokenTypes rows of the table of token types; 0 when there is none
   * @param pairTypes whether the texts of a pair have types 0 and 1; otherwise all tokens have 0
   * @param normEpsilon of the layer norms
   * @param activation inside the feed-forward part
   * @param classifierDense layers between the first token's state and the classifier
   * @param classifier name of the last projection of a classifier
   */
  public record Body(
      String family,
      EncoderNames names,
      int vocabSize,
      int hiddenSize,
      int intermediateSize,
      int layers,
      int heads,
      int positions,
      int firstPosition,
      int tokenTypes,
      boolean pairTypes,
      double normEpsilon,
      Activation activation,
      List<Dense> classifierDense,
      String classifier) {

    public Body {
      requireNonNull(names, "names is null");
      requireNonNull(activation, "activation is null");
      classifierDense = List.copyOf(classifierDense);
      if (hiddenSize > MAX_WIDTH || intermediateSize > MAX_INNER || layers > MAX_LAYERS) {
        throw new DamagedModelException(
            "config.json: no encoder has %d layers of width %d, %d inside"
                .formatted(layers, hiddenSize, intermediateSize));
      }
      if (hiddenSize % heads != 0) {
        throw new DamagedModelException(
            "config.json: %d heads cannot share a width of %d".formatted(heads, hiddenSize));
      }
      if (firstPosition >= positions) {
        throw new DamagedModelException(
            "config.json: max_position_embeddings cannot be " + positions);
      }
    }
  }

  /** Ways to make one vector of the states of all tokens, in the order of their results. */
  public enum Pooling {
    /** The first token's. */
    CLS("pooling_mode_cls_token"),
    /** The largest of each channel. */
    MAX("pooling_mode_max_tokens"),
    /** The mean. */
    MEAN("pooling_mode_mean_tokens"),
    /** The sum, divided by the root of the number of tokens. */
    MEAN_SQRT_LEN("pooling_mode_mean_sqrt_len_tokens"),
    /** The mean in which token i counts i times, from 1. */
    WEIGHTED_MEAN("pooling_mode_weightedmean_tokens"),
    /** The last token's. */
    LAST("pooling_mode_lasttoken");

    private final String option;

    Pooling(String option) {
      this.option = option;
    }

    /** As sentence-transformers' pooling configuration names it. */
    String option() {
      return option;
    }
  }

  /**
   * A linear layer with a bend, on one vector a text.
   *
   * @param tensor its tensors' name, without {@code .weight}
   * @param file the safetensors file that has them, relative to the folder; empty for the model's
   *     own
   * @param width numbers that come out
   * @param bias whether something is added
   * @param activation the bend
   * @param prefixed whether the body's prefix precedes the tensor's name
   */
  public record Dense(
      String tensor,
      String file,
      int width,
      boolean bias,
      Activation activation,
      boolean prefixed) {

    /** Bends of dense layers. */
    public enum Activation {
      NONE,
      TANH,
      RELU
    }

    Dense(String tensor, int width, Activation activation) {
      this(tensor, "", width, true, activation, false);
    }

    Dense underPrefix() {
      return new Dense(tensor, file, width, bias, activation, true);
    }
  }

  public EncoderConfig {
    requireNonNull(body, "body is null");
    requireNonNull(head, "head is null");
    pooling = List.copyOf(pooling);
    dense = List.copyOf(dense);
  }

  @Override
  public String family() {
    return body.family();
  }

  @Override
  public int vocabSize() {
    return body.vocabSize();
  }

  @Override
  public ModelTask task() {
    return head instanceof EncoderHead.Classification ? ModelTask.CLASSIFY : ModelTask.EMBED;
  }

  @Override
  public List<Integer> stopIds() {
    return List.of();
  }

  /**
   * The tensors that such a model consists of.
   *
   * @param has whether a checkpoint has a tensor of that name
   */
  public EncoderTensors tensors(Predicate<String> has) {
    return new EncoderTensors(this, has);
  }

  /** Whether an architecture is an encoder that this version runs. */
  static boolean isEncoder(String architecture) {
    return family(architecture).isPresent();
  }

  /** The architectures this version runs, for messages. */
  static String architectures() {
    return FAMILIES.stream()
        .flatMap(family -> Stream.of("Model", CLASSIFIER).map(kind -> family.architecture() + kind))
        .collect(Collectors.joining(", "));
  }

  private static Optional<EncoderFamily> family(String architecture) {
    return FAMILIES.stream()
        .filter(
            family ->
                Stream.concat(PLAIN.stream(), Stream.of(CLASSIFIER))
                    .anyMatch(kind -> architecture.equals(family.architecture() + kind)))
        .findFirst();
  }

  /**
   * Reads the configuration of a model folder, with the files of sentence-transformers if there are
   * any.
   *
   * @param json the folder's {@code config.json}
   * @throws DamagedModelException when it is malformed
   * @throws UnsupportedModelException when this version does not run such models, naming the option
   */
  static EncoderConfig read(JsonNode json, Path folder, CheckpointLimits limits) {
    ConfigReader config = new ConfigReader(json, "config.json");
    String architecture = config.architecture();
    boolean classifier = architecture.endsWith(CLASSIFIER);
    Body body =
        family(architecture)
            .orElseThrow(() -> new IllegalArgumentException("no encoder: " + architecture))
            .read(config, classifier);
    int room = body.positions() - body.firstPosition();
    if (classifier) {
      EncoderHead.Classification head = config.classification();
      List<Dense> dense = new ArrayList<>(body.classifierDense());
      dense.add(new Dense(body.classifier(), head.labels().size(), Dense.Activation.NONE));
      return new EncoderConfig(body, List.of(Pooling.CLS), dense, false, head, room);
    }
    SentenceModules modules = SentenceModules.read(folder, body.hiddenSize(), limits);
    return new EncoderConfig(
        body,
        modules.pooling(),
        modules.dense(),
        modules.normalized(),
        new EncoderHead.Embedding(modules.width(), config.shortenedWidths(modules.width())),
        Math.min(room, modules.maxTokens().orElse(room)));
  }
}
