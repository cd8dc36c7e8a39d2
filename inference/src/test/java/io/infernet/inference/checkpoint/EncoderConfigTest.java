package io.infernet.inference.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.EncoderConfig.Pooling;
import io.infernet.inference.checkpoint.EncoderHead.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EncoderConfigTest {

  private static final CheckpointLimits LIMITS = CheckpointLimits.defaults();

  private static final String BERT =
      """
      "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2,
      "num_attention_heads": 3, "max_position_embeddings": 40, "vocab_size": 2000\
      """;

  @TempDir Path folder;

  private EncoderConfig read(String architecture, String more) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"architectures\": [\"%s\"], %s%s}".formatted(architecture, BERT, more));
    return (EncoderConfig) ModelDescription.read(folder, LIMITS);
  }

  private void write(String file, String text) throws IOException {
    Files.createDirectories(folder.resolve(file).getParent());
    Files.writeString(folder.resolve(file), text);
  }

  private void modules(String... types) throws IOException {
    StringBuilder json = new StringBuilder("[");
    for (int i = 0; i < types.length; i++) {
      json.append(i == 0 ? "" : ",")
          .append(
              "{\"path\": \"%s\", \"type\": \"sentence_transformers.models.%s\"}"
                  .formatted(i == 0 ? "" : i + "_" + types[i], types[i]));
    }
    write("modules.json", json.append("]").toString());
    write("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
  }

  @Test
  void poolsPlainModelsByTheMean() throws IOException {
    EncoderConfig config = read("BertModel", "");
    assertEquals(List.of(Pooling.MEAN), config.pooling());
    assertFalse(config.normalized());
    assertEquals(ModelTask.EMBED, config.task());
    assertEquals(new EncoderHead.Embedding(24, List.of()), config.head());
    assertEquals(40, config.contextLength());
    assertEquals(Activation.GELU, config.body().activation());
    assertEquals(1e-12, config.body().normEpsilon());
  }

  @Test
  void countsRobertasPositionsFromBehindThePadding() throws IOException {
    assertEquals(38, read("RobertaModel", "").contextLength());
    assertEquals(36, read("XLMRobertaModel", ", \"pad_token_id\": 3").contextLength());
    assertThrows(DamagedModelException.class, () -> read("RobertaModel", ", \"pad_token_id\": 39"));
  }

  @Test
  void followsTheModulesOfSentenceTransformers() throws IOException {
    modules("Transformer", "Pooling", "Normalize");
    write(
        "1_Pooling/config.json",
        "{\"pooling_mode_lasttoken\": true, \"pooling_mode_cls_token\": true}");
    write("sentence_bert_config.json", "{\"max_seq_length\": 16, \"do_lower_case\": false}");
    EncoderConfig config = read("BertModel", ", \"matryoshka_dimensions\": [16, 8]");
    assertEquals(List.of(Pooling.CLS, Pooling.LAST), config.pooling());
    assertTrue(config.normalized());
    assertEquals(16, config.contextLength());
    assertEquals(new EncoderHead.Embedding(48, List.of(16, 8)), config.head());
    assertEquals(
        List.of("modules.json", "sentence_bert_config.json", "1_Pooling/config.json"),
        ModelDescription.otherFiles(folder, LIMITS));
  }

  @Test
  void listsAFileOnceThatTwoModulesShare() throws IOException {
    write(
        "modules.json",
        "[{\"path\": \"1_Pooling\"}, {\"path\": \"1_Pooling\"}, {\"path\": \"../out\"}]");
    write("1_Pooling/config.json", "{}");
    assertEquals(
        List.of("modules.json", "1_Pooling/config.json"),
        ModelDescription.otherFiles(folder, LIMITS));
  }

  @ParameterizedTest
  @CsvSource({
    "Transformer LSTM, LSTM",
    "Transformer Pooling LayerNorm, LayerNorm",
    "Pooling Transformer, Pooling",
    "Transformer Pooling Normalize Dense, Dense",
    "Transformer, Pooling"
  })
  void refusesModulesItDoesNotRunByName(String types, String named) throws IOException {
    modules(types.split(" "));
    assertNames(named, "");
  }

  private void assertNames(String name, String more) {
    UnsupportedModelException e =
        assertThrows(UnsupportedModelException.class, () -> read("BertModel", more));
    assertTrue(e.getMessage().contains(name), e.getMessage());
  }

  @Test
  void refusesOptionsItDoesNotRunByName() throws IOException {
    assertNames("position_embedding_type", ", \"position_embedding_type\": \"relative_key\"");
    assertNames("is_decoder", ", \"is_decoder\": true");
    assertNames("hidden_act", ", \"hidden_act\": \"mish\"");
    assertNames("quantization_config", ", \"quantization_config\": {}");
    modules("Transformer", "Pooling");
    write("1_Pooling/config.json", "{\"include_prompt\": false}");
    assertNames("include_prompt", "");
    write("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": false}");
    assertNames("pooling", "");
    write("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    write("sentence_bert_config.json", "{\"do_lower_case\": true}");
    assertNames("do_lower_case", "");
    write("sentence_bert_config.json", "{}");
    write("config_sentence_transformers.json", "{\"default_prompt_name\": \"query\"}");
    assertNames("default_prompt_name", "");
    modules("Transformer", "Pooling", "Dense");
    write("config_sentence_transformers.json", "{}");
    write(
        "2_Dense/config.json",
        "{\"in_features\": 24, \"out_features\": 8,"
            + "\"activation_function\": \"torch.nn.modules.activation.Mish\"}");
    assertNames("activation_function", "");
  }

  @Test
  void refusesSizesThatNoEncoderHas() throws IOException {
    read("BertModel", "");
    Path file = folder.resolve("config.json");
    String right = Files.readString(file);
    for (String size : List.of("hidden_size\": 24", "intermediate_size\": 40", "layers\": 2")) {
      Files.writeString(file, right.replace(size, size.replaceAll("[0-9]+", "15728640")));
      assertThrows(DamagedModelException.class, () -> ModelDescription.read(folder, LIMITS));
    }
  }

  @Test
  void refusesWhatDoesNotFitTogether() throws IOException {
    assertThrows(
        DamagedModelException.class, () -> read("BertModel", ", \"matryoshka_dimensions\": [25]"));
    modules("Transformer", "Pooling", "Dense");
    write("2_Dense/config.json", "{\"in_features\": 23, \"out_features\": 8}");
    assertThrows(DamagedModelException.class, () -> read("BertModel", ""));
    write(
        "modules.json",
        "[{\"path\": \"\", \"type\": \"x.Transformer\"},"
            + " {\"path\": \"../x\", \"type\": \"x.Pooling\"}]");
    assertThrows(DamagedModelException.class, () -> read("BertModel", ""));
    write("modules.json", "{}");
    assertThrows(DamagedModelException.class, () -> read("BertModel", ""));
    write("modules.json", "[" + "{},".repeat(100) + "{}]");
    assertThrows(DamagedModelException.class, () -> read("BertModel", ""));
  }

  @Test
  void readsLabelsAndTheirKindAsThePipelineDoes() throws IOException {
    String classifier = "BertForSequenceClassification";
    EncoderConfig two = read(classifier, "");
    assertEquals(
        new EncoderHead.Classification(
            List.of("LABEL_0", "LABEL_1"), Problem.SINGLE_LABEL_CLASSIFICATION),
        two.head());
    assertEquals(ModelTask.CLASSIFY, two.task());
    assertEquals(List.of(Pooling.CLS), two.pooling());
    assertEquals(
        Problem.MULTI_LABEL_CLASSIFICATION,
        problem(read(classifier, ", \"id2label\": {\"0\": \"x\"}")));
    assertEquals(
        Problem.REGRESSION,
        problem(
            read(classifier, ", \"id2label\": {\"0\": \"x\"}, \"problem_type\": \"regression\"")));
    assertThrows(
        DamagedModelException.class, () -> read(classifier, ", \"id2label\": {\"1\": \"x\"}"));
    assertThrows(DamagedModelException.class, () -> read(classifier, ", \"id2label\": {}"));
    assertThrows(DamagedModelException.class, () -> read(classifier, ", \"num_labels\": 16000000"));
    assertThrows(
        UnsupportedModelException.class, () -> read(classifier, ", \"problem_type\": \"ranking\""));
  }

  private static Problem problem(EncoderConfig config) {
    return assertInstanceOf(EncoderHead.Classification.class, config.head()).problem();
  }

  @Test
  void namesEncodersAmongTheArchitecturesThatRun() throws IOException {
    Files.writeString(
        folder.resolve("config.json"), "{\"architectures\": [\"BertForQuestionAnswering\"]}");
    UnsupportedModelException e =
        assertThrows(UnsupportedModelException.class, () -> ModelDescription.read(folder, LIMITS));
    assertTrue(e.getMessage().contains("BertForQuestionAnswering"), e.getMessage());
    assertTrue(e.getMessage().contains("XLMRobertaForSequenceClassification"), e.getMessage());
  }
}
