package io.infernet.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.node.job.EncodeRequest;
import io.infernet.node.job.EncodeRequest.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Reads the bodies of {@code /v1/embeddings} (OpenAI's) and {@code /v1/classify} (as vLLM has it).
 * Every parameter is done, or refused by name.
 */
final class EncodeRequests {

  /**
   * A request that was read.
   *
   * @param model as the request names it
   * @param request what is to be done
   * @param base64 whether vectors are answered as base64 of little-endian float32
   */
  record Parsed(String model, EncodeRequest request, boolean base64) {}

  private EncodeRequests() {}

  /**
   * Reads an embeddings request.
   *
   * @throws ApiException when it is not one that this node can answer
   */
  static Parsed embeddings(JsonNode body) {
    RequestFields fields = new RequestFields(body, "");
    String model = model(fields);
    JsonNode input = input(fields);
    String format = fields.text("encoding_format").orElse("float");
    if (!format.equals("float") && !format.equals("base64")) {
      throw ApiException.badValue("encoding_format", "float or base64");
    }
    OptionalInt dimensions = fields.integer("dimensions", 1, 1 << 20);
    fields.text("user");
    fields.finish();
    return new Parsed(
        model,
        new EncodeRequest(name(model), ModelTask.EMBED, inputs(input), dimensions),
        format.equals("base64"));
  }

  /**
   * Reads a classification request.
   *
   * @throws ApiException when it is not one that this node can answer
   */
  static Parsed classification(JsonNode body) {
    RequestFields fields = new RequestFields(body, "");
    String model = model(fields);
    JsonNode input = input(fields);
    fields.text("user");
    fields.finish();
    return new Parsed(
        model,
        new EncodeRequest(name(model), ModelTask.CLASSIFY, inputs(input), OptionalInt.empty()),
        false);
  }

  private static String model(RequestFields fields) {
    return fields
        .text("model")
        .orElseThrow(() -> ApiException.badValue("model", "the name of a model"));
  }

  private static ModelName name(String model) {
    try {
      return ModelName.parse(model);
    } catch (InfernetException e) {
      throw ApiException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private static JsonNode input(RequestFields fields) {
    return fields.node("input").orElseThrow(EncodeRequests::badInput);
  }

  private static ApiException badInput() {
    return ApiException.badValue(
        "input",
        "a string, an array of token ids, or an array of 1 to %d of them (or, for pairs, of {text, text_pair})"
            .formatted(EncodingRequest.MAX_TEXTS));
  }

  private static List<Input> inputs(JsonNode node) {
    if (!node.isArray()) {
      return List.of(input(node));
    }
    if (node.isEmpty()) {
      throw badInput();
    }
    if (node.get(0).isNumber()) {
      return List.of(tokens(node));
    }
    if (node.size() > EncodingRequest.MAX_TEXTS) {
      throw badInput();
    }
    List<Input> inputs = new ArrayList<>();
    node.forEach(entry -> inputs.add(entry.isArray() ? tokens(entry) : input(entry)));
    return inputs;
  }

  private static Input input(JsonNode node) {
    if (node.isTextual()) {
      return new EncodeRequest.Text(node.asText());
    }
    if (!node.isObject()) {
      throw badInput();
    }
    RequestFields pair = new RequestFields(node, "input.");
    String first = pair.text("text").orElseThrow(EncodeRequests::badInput);
    Input input =
        pair.text("text_pair")
            .<Input>map(second -> new EncodeRequest.Pair(first, second))
            .orElseGet(() -> new EncodeRequest.Text(first));
    pair.finish();
    return input;
  }

  private static Input tokens(JsonNode node) {
    int[] ids = new int[node.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = node.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw badInput();
      }
      ids[i] = id.intValue();
    }
    if (ids.length == 0) {
      throw badInput();
    }
    return new EncodeRequest.Tokens(TokenIds.of(ids));
  }
}
