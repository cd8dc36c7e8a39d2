package io.infernet.inference.tokenizer;

import static java.util.Objects.requireNonNull;

/**
 * One turn of a conversation.
 *
 * @param role such as {@code system}, {@code user}, {@code assistant}
 * @param content what was said
 */
public record ChatMessage(String role, String content) {

  public ChatMessage {
    requireNonNull(role, "role is null");
    requireNonNull(content, "content is null");
  }

  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
