package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.List;

/** What a model is asked to continue. */
public sealed interface Prompt {

  /** A chat, which the model's template turns into text. */
  record Messages(List<ChatMessage> messages) implements Prompt {
    public Messages {
      messages = List.copyOf(messages);
    }
  }

  /** Plain text, without a template. */
  record Text(String text) implements Prompt {
    public Text {
      requireNonNull(text, "text is null");
    }
  }

  /** Token ids as they are. */
  record Tokens(TokenIds ids) implements Prompt {
    public Tokens {
      requireNonNull(ids, "ids is null");
    }
  }
}
