package io.infernet.inference.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A text's reference results: see {@code golden.json} beside an encoder.
 *
 * @param text that was read
 * @param pair the second text, of a pair
 * @param tokens what it is to the model
 * @param cls the last hidden state of the first token; empty when it is not given
 * @param output the vector, or the logits
 * @param probabilities of a classifier's labels; empty for an embedding
 * @param label the likeliest
 */
public record EncoderGolden(
    String text,
    Optional<String> pair,
    TypedTokens tokens,
    List<Double> cls,
    List<Double> output,
    List<Double> probabilities,
    String label) {

  /** All texts of a model, single ones first. */
  public static List<EncoderGolden> of(String model) {
    JsonNode json;
    try (InputStream in =
        EncoderGolden.class.getResourceAsStream(
            "/io/infernet/inference/" + model + "/golden.json")) {
      json = new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<EncoderGolden> all = new ArrayList<>();
    JsonNode outputs =
        json.path(json.has("logits") ? "logits" : "last_hidden_mean_pooled_normalised");
    for (int i = 0; i < json.path("texts").size(); i++) {
      all.add(
          new EncoderGolden(
              json.path("texts").get(i).asText(),
              Optional.empty(),
              TypedTokens.single(ids(json.path("ids").get(i))),
              numbers(json.path("cls").get(i)),
              numbers(outputs.get(i)),
              numbers(json.path("probabilities").path(i)),
              json.path("labels").path(i).asText()));
    }
    for (JsonNode pair : json.path("pairs")) {
      all.add(
          new EncoderGolden(
              pair.path("text").asText(),
              Optional.of(pair.path("text_pair").asText()),
              new TypedTokens(ids(pair.path("ids")), ids(pair.path("token_type_ids"))),
              List.of(),
              numbers(pair.path("logits")),
              numbers(pair.path("probabilities")),
              pair.path("label").asText()));
    }
    return all;
  }

  private static TokenIds ids(JsonNode node) {
    List<Integer> ids = new ArrayList<>();
    node.forEach(id -> ids.add(id.asInt()));
    return TokenIds.of(ids);
  }

  private static List<Double> numbers(JsonNode node) {
    List<Double> numbers = new ArrayList<>();
    node.forEach(number -> numbers.add(number.asDouble()));
    return numbers;
  }
}
