package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.List;
import java.util.OptionalInt;

/**
 * Texts to be turned into vectors, or to be classified.
 *
 * @param model what does it
 * @param task {@link ModelTask#EMBED} or {@link ModelTask#CLASSIFY}
 * @param inputs 1 to {@value EncodingRequest#MAX_TEXTS}
 * @param dimensions to how many numbers vectors are cut, and then given length 1 again; only for
 *     models that were trained so
 */
public record EncodeRequest(
    ModelName model, ModelTask task, List<Input> inputs, OptionalInt dimensions) {

  /** One thing to be encoded. */
  public sealed interface Input {}

  /** A text, to which the model's special tokens are added. */
  public record Text(String text) implements Input {
    public Text {
      requireNonNull(text, "text is null");
    }
  }

  /** Two texts that are read together, with the model's special tokens between them. */
  public record Pair(String first, String second) implements Input {
    public Pair {
      requireNonNull(first, "first is null");
      requireNonNull(second, "second is null");
    }
  }

  /** Token ids as they are. */
  public record Tokens(TokenIds ids) implements Input {
    public Tokens {
      requireNonNull(ids, "ids is null");
    }
  }

  public EncodeRequest {
    requireNonNull(model, "model is null");
    if (task != ModelTask.EMBED && task != ModelTask.CLASSIFY) {
      throw new IllegalArgumentException("no encoding: " + task);
    }
    inputs = List.copyOf(inputs);
    if (inputs.isEmpty() || inputs.size() > EncodingRequest.MAX_TEXTS) {
      throw new IllegalArgumentException("number of inputs out of range: " + inputs.size());
    }
  }

  /** The same, with shorter vectors. */
  public EncodeRequest withDimensions(int numbers) {
    return new EncodeRequest(model, task, inputs, OptionalInt.of(numbers));
  }

  /** Texts to be turned into vectors. */
  public static EncodeRequest embed(String model, List<String> texts) {
    return of(model, ModelTask.EMBED, texts);
  }

  /** Texts to be classified. */
  public static EncodeRequest classify(String model, List<String> texts) {
    return of(model, ModelTask.CLASSIFY, texts);
  }

  private static EncodeRequest of(String model, ModelTask task, List<String> texts) {
    return new EncodeRequest(
        ModelName.parse(model),
        task,
        texts.stream().<Input>map(Text::new).toList(),
        OptionalInt.empty());
  }
}
