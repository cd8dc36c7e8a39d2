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
}
