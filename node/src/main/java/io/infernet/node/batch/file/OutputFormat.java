package io.infernet.node.batch.file;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.verification.batch.ItemResult;
import java.util.List;
import java.util.function.Function;

/**
 * Turns results into lines of the output, with the names that the commands and the API use:
 *
 * <ul>
 *   <li>generate: {@code {"id":…,"text":…,"finish_reason":"stop"|"length","completion_tokens":N,
 *       "shard":N}}
 *   <li>embed: {@code {"id":…,"embedding":[…],"shard":N}}
 *   <li>classify: {@code {"id":…,"label":…,"probs":[…],"labels":[…],"shard":N}}
 *   <li>what has no result: {@code {"id":…,"error":{"code":…,"message":…}}}; for lines of the input
 *       that were refused the error also has their {@code line}, and the id is {@code null} where
 *       it could not be read
 * </ul>
 *
 * The shard is where the receipts of that item are found. As safe as the decoder it is given.
 */
public final class OutputFormat {

  /** The code of items that nobody can do. */
  public static final String ITEM_FAILED = "item_failed";

  private final Function<TokenIds, String> decoder;
  private final List<String> labels;

  /**
   * @param decoder the model's tokenizer, back to text
   * @param labels the model's labels in the order of its scores; empty when it does not classify
   */
  public OutputFormat(Function<TokenIds, String> decoder, List<String> labels) {
    this.decoder = requireNonNull(decoder, "decoder is null");
    this.labels = List.copyOf(labels);
  }

  /**
   * Renders a result.
   *
   * @param shard the number of the shard that it came in
   * @throws IllegalArgumentException when it has other labels than the model
   */
  public OutputBody render(ItemResult result, int shard) {
    if (result instanceof ItemResult.Generated generated) {
      String text = OutputBody.wellFormed(decoder.apply(generated.ids()));
      String reason =
          switch (generated.end()) {
            case STOP_TOKEN, CLIENT_STOP -> "stop";
            case LENGTH -> "length";
          };
      return OutputBody.of(
          json -> {
            json.writeStringField("text", text);
            json.writeStringField("finish_reason", reason);
            json.writeNumberField("completion_tokens", generated.ids().size());
            json.writeNumberField("shard", shard);
          });
    }
    if (result instanceof ItemResult.Embedded embedded) {
      return OutputBody.of(
          json -> {
            json.writeArrayFieldStart("embedding");
            for (int i = 0; i < embedded.size(); i++) {
              json.writeNumber(embedded.get(i));
            }
            json.writeEndArray();
            json.writeNumberField("shard", shard);
          });
    }
    if (result instanceof ItemResult.Classified classified) {
      if (classified.size() != labels.size()) {
        throw new IllegalArgumentException(
            "%d scores for %d labels".formatted(classified.size(), labels.size()));
      }
      return OutputBody.of(
          json -> {
            json.writeStringField("label", labels.get(classified.label()));
            json.writeArrayFieldStart("probs");
            for (int i = 0; i < classified.size(); i++) {
              json.writeNumber(classified.score(i));
            }
            json.writeEndArray();
            json.writeArrayFieldStart("labels");
            for (String label : labels) {
              json.writeString(label);
            }
            json.writeEndArray();
            json.writeNumberField("shard", shard);
          });
    }
    ItemResult.Failed failed = (ItemResult.Failed) result;
    return OutputBody.error(ITEM_FAILED, failed.reason());
  }
}
