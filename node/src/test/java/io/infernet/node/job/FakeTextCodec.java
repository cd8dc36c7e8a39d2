package io.infernet.node.job;

import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.StreamingDetokenizer;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A tokenizer without files: a character is the token of its code, token 17 reads as "17 ". */
public final class FakeTextCodec implements TextCodec {

  @Override
  public TokenIds encode(String text) {
    return TokenIds.of(text.chars().toArray());
  }

  @Override
  public TokenIds encode(List<ChatMessage> messages) {
    return encode(
        messages.stream()
            .map(message -> message.role() + ":" + message.content())
            .collect(Collectors.joining("\n")));
  }

  @Override
  public TypedTokens encodePair(String first, String second) {
    int[] types = new int[first.length() + second.length()];
    Arrays.fill(types, first.length(), types.length, 1);
    return new TypedTokens(encode(first + second), TokenIds.of(types));
  }

  @Override
  public int vocabularySize() {
    return FakeInferenceEngine.VOCABULARY;
  }

  @Override
  public String text(int token) {
    return token + " ";
  }

  @Override
  public StreamingDetokenizer stream() {
    return new StreamingDetokenizer(this::decode);
  }

  String decode(TokenIds ids) {
    return IntStream.of(ids.toArray()).mapToObj(this::text).collect(Collectors.joining());
  }
}
