package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DType;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.checkpoint.SafetensorsFile;
import io.infernet.inference.checkpoint.TensorInfo;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.encoding.Encoder;
import io.infernet.inference.engine.djl.ReferenceEncoder.Names;
import io.infernet.inference.model.FolderModelRepository;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.testing.EncoderGolden;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Families without goldens, against the plain reference, which is checked with BERT's first. */
class EncoderFamiliesTest {

  private static final double TOLERANCE = 1e-4;
  private static final long SEED = 11;

  private static final String BERT_CONFIG =
      """
      {"architectures": ["%s"], "hidden_size": 24, "intermediate_size": 40,
       "num_hidden_layers": 2, "num_attention_heads": 3, "max_position_embeddings": 40,
       "vocab_size": 2000, "type_vocab_size": %d, "layer_norm_eps": 1e-5, "pad_token_id": 1,
       "hidden_act": "gelu"%s}
      """;

  @TempDir Path home;

  private Encoder load(String name) {
    InstalledModel model =
        new FolderModelRepository(home.resolve("models"), CheckpointLimits.defaults())
            .require(ModelName.parse(name));
    return new DjlEncoderLoader(TestModels.config(home), CheckpointLimits.defaults()).load(model);
  }

  private static List<TypedTokens> texts(boolean pairs) {
    Random random = new Random(SEED);
    List<TypedTokens> texts = new ArrayList<>();
    for (int length : new int[] {5, 1, 9, 5, 5, 38, 2, 9}) {
      int[] ids = random.ints(length, 0, RandomEncoder.VOCABULARY).toArray();
      int[] types = new int[length];
      if (pairs) {
        Arrays.fill(types, length / 2, length, 1);
      }
      texts.add(new TypedTokens(TokenIds.of(ids), TokenIds.of(types)));
    }
    return texts;
  }

  private static void assertRow(double[] expected, float[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], TOLERANCE, what + " at " + i);
    }
  }

  @Test
  void trustsAReferenceThatAgreesWithTheGoldens() throws IOException {
    Path folder = TestModels.install("tiny-bert", home).folder();
    ReferenceEncoder reference = new ReferenceEncoder(read(folder), Names.bert(""), 3, 4, 0, 1e-12);
    for (EncoderGolden golden : EncoderGolden.of("tiny-bert")) {
      double[][] states = reference.hiddenStates(golden.tokens());
      double[] vector = ReferenceEncoder.normalizedMean(states);
      for (int i = 0; i < vector.length; i++) {
        assertEquals(golden.output().get(i), vector[i], 1e-5, golden.text());
        assertEquals(golden.cls().get(i), states[0][i], 1e-5, golden.text());
      }
    }
    Path classifier = TestModels.install("tiny-bert-classifier", home).folder();
    ReferenceEncoder body =
        new ReferenceEncoder(read(classifier), Names.bert("bert."), 2, 6, 0, 1e-12);
    for (EncoderGolden golden : EncoderGolden.of("tiny-bert-classifier")) {
      double[] pooled = body.linear(body.hiddenStates(golden.tokens())[0], "bert.pooler.dense");
      double[] logits = body.linear(tanh(pooled), "classifier");
      for (int i = 0; i < logits.length; i++) {
        assertEquals(golden.output().get(i), logits[i], 1e-5, golden.text());
      }
    }
  }

  private static Map<String, double[]> read(Path folder) throws IOException {
    Map<String, double[]> tensors = new LinkedHashMap<>();
    try (SafetensorsFile file =
        SafetensorsFile.open(folder.resolve("model.safetensors"), CheckpointLimits.defaults())) {
      for (TensorInfo tensor : file.tensors().values()) {
        if (tensor.dtype() == DType.F32) {
          ByteBuffer bytes =
              ByteBuffer.allocate((int) tensor.size()).order(ByteOrder.LITTLE_ENDIAN);
          file.read(tensor.name(), bytes::put);
          double[] numbers = new double[bytes.flip().remaining() / 4];
          for (int i = 0; i < numbers.length; i++) {
            numbers[i] = bytes.getFloat();
          }
          tensors.put(tensor.name(), numbers);
        }
      }
    }
    return tensors;
  }

  private static double[] tanh(double[] x) {
    return Arrays.stream(x).map(Math::tanh).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Roberta", "XLMRoberta"})
  void readsRobertaWhosePositionsBeginBehindThePadding(String family) throws IOException {
    Names names = Names.bert("roberta.");
    RandomEncoder weights = new RandomEncoder(SEED).body(names, 1);
    weights.linear("classifier.dense", RandomEncoder.WIDTH, RandomEncoder.WIDTH);
    weights.linear("classifier.out_proj", 3, RandomEncoder.WIDTH);
    ReferenceEncoder reference =
        new ReferenceEncoder(weights.tensors(), names, 2, RandomEncoder.HEADS, 2, 1e-5);
    weights.write(
        home,
        "classifier",
        BERT_CONFIG.formatted(
            family + "ForSequenceClassification",
            1,
            ", \"id2label\": {\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"},"
                + " \"problem_type\": \"multi_label_classification\""));
    try (Encoder encoder = load("classifier")) {
      assertEquals(38, encoder.contextLength());
      assertEquals(
          new EncoderHead.Classification(
              List.of("a", "b", "c"), EncoderHead.Problem.MULTI_LABEL_CLASSIFICATION),
          encoder.head());
      // Types of a pair do not matter to it.
      List<TypedTokens> texts = texts(true);
      List<float[]> rows = encoder.encode(texts);
      for (int i = 0; i < rows.size(); i++) {
        double[] first = reference.hiddenStates(TypedTokens.single(texts.get(i).ids()))[0];
        assertRow(
            reference.linear(
                tanh(reference.linear(first, "classifier.dense")), "classifier.out_proj"),
            rows.get(i),
            "text " + i);
      }
    }

    RandomEncoder plain = new RandomEncoder(SEED + 1).body(Names.bert(""), 1);
    plain.write(home, "plain", BERT_CONFIG.formatted(family + "Model", 1, ""));
    ReferenceEncoder body =
        new ReferenceEncoder(plain.tensors(), Names.bert(""), 2, RandomEncoder.HEADS, 2, 1e-5);
    try (Encoder encoder = load("plain")) {
      List<float[]> rows = encoder.encode(texts(false));
      for (int i = 0; i < rows.size(); i++) {
        double[] mean = ReferenceEncoder.mean(body.hiddenStates(texts(false).get(i)));
        assertRow(mean, rows.get(i), "text " + i);
      }
    }
  }

  @Test
  void readsDistilBertWithItsOwnNamesAndHead() throws IOException {
    String config =
        """
        {"architectures": ["%s"], "dim": 24, "hidden_dim": 40, "n_layers": 2, "n_heads": 3,
         "max_position_embeddings": 40, "vocab_size": 2000, "activation": "gelu"}
        """;
    Names names = Names.distilBert("distilbert.");
    RandomEncoder weights = new RandomEncoder(SEED).body(names, 0);
    weights.linear("pre_classifier", RandomEncoder.WIDTH, RandomEncoder.WIDTH);
    weights.linear("classifier", 2, RandomEncoder.WIDTH);
    weights.write(home, "classifier", config.formatted("DistilBertForSequenceClassification"));
    ReferenceEncoder reference =
        new ReferenceEncoder(weights.tensors(), names, 2, RandomEncoder.HEADS, 0, 1e-12);
    try (Encoder encoder = load("classifier")) {
      assertEquals(
          new EncoderHead.Classification(
              List.of("LABEL_0", "LABEL_1"), EncoderHead.Problem.SINGLE_LABEL_CLASSIFICATION),
          encoder.head());
      List<float[]> rows = encoder.encode(texts(true));
      for (int i = 0; i < rows.size(); i++) {
        double[] hidden =
            reference.linear(reference.hiddenStates(texts(true).get(i))[0], "pre_classifier");
        double[] bent = Arrays.stream(hidden).map(x -> Math.max(x, 0)).toArray();
        assertRow(reference.linear(bent, "classifier"), rows.get(i), "text " + i);
      }
    }
    RandomEncoder plain = new RandomEncoder(SEED + 1).body(Names.distilBert(""), 0);
    plain.write(home, "plain", config.formatted("DistilBertModel"));
    ReferenceEncoder body =
        new ReferenceEncoder(
            plain.tensors(), Names.distilBert(""), 2, RandomEncoder.HEADS, 0, 1e-12);
    try (Encoder encoder = load("plain")) {
      List<float[]> rows = encoder.encode(texts(false));
      for (int i = 0; i < rows.size(); i++) {
        double[] mean = ReferenceEncoder.mean(body.hiddenStates(texts(false).get(i)));
        assertRow(mean, rows.get(i), "text " + i);
      }
    }
  }

  @Test
  void poolsAndProjectsAsSentenceTransformersSays() throws IOException {
    RandomEncoder weights = new RandomEncoder(SEED).body(Names.bert("bert."), 2);
    ReferenceEncoder reference =
        new ReferenceEncoder(weights.tensors(), Names.bert("bert."), 2, 3, 0, 1e-5);
    // The transformer of a file that has a head for masked words beside it, with old names.
    RandomEncoder stored =
        new RandomEncoder(SEED)
            .body(Names.bert("bert."), 2)
            .rename("LayerNorm.weight", "LayerNorm.gamma")
            .rename("LayerNorm.bias", "LayerNorm.beta")
            .linear("cls.predictions.transform.dense", 24, 24);
    stored.write(home, "pooled", BERT_CONFIG.formatted("BertForMaskedLM", 2, ""));
    Path folder = home.resolve("models").resolve("pooled");
    Files.writeString(
        folder.resolve("modules.json"),
        """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
         {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
         {"idx": 3, "name": "3", "path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}]
        """);
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling/config.json"),
        """
        {"word_embedding_dimension": 24, "pooling_mode_cls_token": true,
         "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true,
         "pooling_mode_mean_sqrt_len_tokens": true, "pooling_mode_weightedmean_tokens": true,
         "pooling_mode_lasttoken": true, "include_prompt": true}
        """);
    Files.createDirectories(folder.resolve("2_Dense"));
    Files.writeString(
        folder.resolve("2_Dense/config.json"),
        """
        {"in_features": 144, "out_features": 10, "bias": true,
         "activation_function": "torch.nn.modules.activation.Tanh"}
        """);
    RandomEncoder dense = new RandomEncoder(SEED).linear("linear", 10, 144);
    Files.write(folder.resolve("2_Dense/model.safetensors"), dense.bytes());
    Files.writeString(folder.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 39}");

    List<TypedTokens> texts = texts(true);
    try (Encoder encoder = load("pooled")) {
      assertEquals(39, encoder.contextLength());
      assertEquals(new EncoderHead.Embedding(10, List.of()), encoder.head());
      List<float[]> rows = encoder.encode(texts);
      for (int i = 0; i < rows.size(); i++) {
        double[] pooled = ReferenceEncoder.allPooled(reference.hiddenStates(texts.get(i)));
        double[] vector =
            tanh(
                new ReferenceEncoder(with(weights, dense), Names.bert("bert."), 2, 3, 0, 1e-5)
                    .linear(pooled, "linear"));
        assertRow(ReferenceEncoder.normalized(vector), rows.get(i), "text " + i);
      }
    }

    Files.write(
        folder.resolve("2_Dense/model.safetensors"),
        new RandomEncoder(SEED).linear("linear", 9, 144).bytes());
    DamagedModelException wrongShape =
        assertThrows(DamagedModelException.class, () -> load("pooled"));
    assertTrue(wrongShape.getMessage().contains("linear.weight"), wrongShape.getMessage());
    Files.writeString(
        folder.resolve("2_Dense/model.safetensors"),
        new String(dense.bytes(), StandardCharsets.ISO_8859_1).replace("F32", "I32"),
        StandardCharsets.ISO_8859_1);
    UnsupportedModelException noWeights =
        assertThrows(UnsupportedModelException.class, () -> load("pooled"));
    assertTrue(noWeights.getMessage().contains("stored as i32"), noWeights.getMessage());
  }

  private static Map<String, double[]> with(RandomEncoder body, RandomEncoder more) {
    Map<String, double[]> all = new LinkedHashMap<>(body.tensors());
    all.putAll(more.tensors());
    return all;
  }
}
