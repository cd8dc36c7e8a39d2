package io.infernet.inference.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.engine.TokenScore.Alternative;
import io.infernet.inference.tokenizer.TokenIds;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's reference results: see {@code golden.json} beside it.
 *
 * @param text of the prompt
 * @param ids of the prompt
 * @param lastLogits the largest logits after the prompt, as (id, logit)
 * @param logprobs for each position the likeliest next tokens
 * @param greedy the greedy answer, a final end-of-text token included
 * @param margins first minus second logit at each of its steps
 */
public record Golden(
    String text,
    TokenIds ids,
    List<Alternative> lastLogits,
    List<List<Alternative>> logprobs,
    TokenIds greedy,
    List<Double> margins) {

  /** All prompts of a model. */
  public static List<Golden> of(String model) {
    try (InputStream in =
        Golden.class.getResourceAsStream("/io/infernet/inference/" + model + "/golden.json")) {
      List<Golden> all = new ArrayList<>();
      for (JsonNode prompt : new ObjectMapper().readTree(in).path("prompts")) {
        List<List<Alternative>> logprobs = new ArrayList<>();
        prompt.path("logprobs_per_position").forEach(node -> logprobs.add(pairs(node)));
        List<Double> margins = new ArrayList<>();
        prompt.path("greedy_margin").forEach(node -> margins.add(node.asDouble()));
        all.add(
            new Golden(
                prompt.path("text").asText(),
                ids(prompt.path("ids")),
                pairs(prompt.path("last_logits_top")),
                logprobs,
                ids(prompt.path("greedy")),
                margins));
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many greedy tokens come before the first near-tie. */
  public int certainTokens(double margin) {
    int count = 0;
    while (count < margins.size() && margins.get(count) >= margin) {
      count++;
    }
    return count;
  }

  private static TokenIds ids(JsonNode node) {
    List<Integer> ids = new ArrayList<>();
    node.forEach(id -> ids.add(id.asInt()));
    return TokenIds.of(ids);
  }

  private static List<Alternative> pairs(JsonNode node) {
    List<Alternative> pairs = new ArrayList<>();
    node.forEach(p -> pairs.add(new Alternative(p.get(0).asInt(), p.get(1).asDouble())));
    return pairs;
  }
}
