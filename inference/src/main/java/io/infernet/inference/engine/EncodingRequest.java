package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.List;

/**
 * Texts for an encoder: to be turned into vectors or to be classified, whichever the model is made
 * for.
 *
 * @param model what encodes; loaded first when it is not warm
 * @param texts at least one, none of them empty: an empty text still has its special tokens
 */
public record EncodingRequest(InstalledModel model, List<TypedTokens> texts) {

  /** The most texts of one request, as OpenAI's embeddings endpoint takes. */
  public static final int MAX_TEXTS = 2048;

  public EncodingRequest {
    requireNonNull(model, "model is null");
    texts = List.copyOf(texts);
    if (texts.isEmpty() || texts.size() > MAX_TEXTS) {
      throw new IllegalArgumentException("number of texts out of range: " + texts.size());
    }
    for (TypedTokens text : texts) {
      if (text.size() == 0) {
        throw new IllegalArgumentException("a text without tokens");
      }
    }
  }

  /** Tokens of all texts together. */
  public int tokens() {
    return texts.stream().mapToInt(TypedTokens::size).reduce(0, Math::addExact);
  }
}
