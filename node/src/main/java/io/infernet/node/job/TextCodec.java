package io.infernet.node.job;

import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.StreamingDetokenizer;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.node.UsageException;
import java.util.List;

/** How a model reads and writes text: its tokenizer and its chat template. Safe from any thread. */
public interface TextCodec {

  /** The tokens of plain text. */
  TokenIds encode(String text);

  /**
   * The tokens of a chat, as the model's template writes it, up to where the answer begins.
   *
   * @throws io.infernet.inference.InfernetException when the template refuses the messages
   */
  TokenIds encode(List<ChatMessage> messages);

  /** Plain text as an encoder model reads it. */
  default TypedTokens encodeTyped(String text) {
    return TypedTokens.single(encode(text));
  }

  /**
   * Two texts as an encoder model reads them together.
   *
   * @throws io.infernet.inference.InfernetException when the model reads no pairs
   */
  default TypedTokens encodePair(String first, String second) {
    throw new UsageException("this model reads no pairs of texts");
  }

  /** Token ids are below this. */
  int vocabularySize();

  /** What one token stands for by itself. */
  String text(int token);

  /** Decodes an answer as its tokens come. */
  StreamingDetokenizer stream();

  /** Where codecs come from. */
  @FunctionalInterface
  interface Source {

    /** Reads the model's tokenizer files; may take a while. */
    TextCodec load(InstalledModel model);
  }
}
