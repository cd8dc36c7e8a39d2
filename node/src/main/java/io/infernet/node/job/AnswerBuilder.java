package io.infernet.node.job;

import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.tokenizer.StopStrings;
import io.infernet.inference.tokenizer.StreamingDetokenizer;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Grows an answer token by token: decodes, looks for stop texts, and gives out text with the tokens
 * behind it as soon as both are certain. Used by one thread.
 */
final class AnswerBuilder {

  private final TextCodec codec;
  private final boolean wantScores;
  private final StreamingDetokenizer decoder;
  private final StopStrings stops;
  private final List<Integer> ids = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final List<AnswerToken> tokens = new ArrayList<>();

  /** Tokens whose text is not given out yet, with where it begins. */
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  /** Length of all decoded text, certain or not. */
  private int decoded;

  private int givenOutText;
  private int givenOutTokens;

  private record Waiting(AnswerToken token, int start) {}

  AnswerBuilder(TextCodec codec, List<String> stop, boolean wantScores) {
    this.codec = codec;
    this.wantScores = wantScores;
    this.decoder = codec.stream();
    this.stops = new StopStrings(stop);
  }

  /**
   * Puts the prompt before the answer; called before the first token.
   *
   * @param scores one for each token of the prompt, or none
   */
  void echo(TokenIds prompt, List<Optional<TokenScore>> scores) {
    for (int i = 0; i < prompt.size(); i++) {
      int id = prompt.get(i);
      tokens.add(token(id, scores.isEmpty() ? Optional.empty() : scores.get(i)));
      text.append(decoder.append(id));
    }
    decoded = text.length();
  }

  /**
   * Appends the answer's next token.
   *
   * @return false when a stop text is complete with it: the answer ends
   */
  boolean add(int id, Optional<TokenScore> score) {
    ids.add(id);
    waiting.add(new Waiting(token(id, score), decoded));
    String piece = decoder.append(id);
    decoded += piece.length();
    text.append(stops.append(piece));
    release();
    return !stops.stopped();
  }

  /** The answer has ended: what was held back becomes certain, unless a stop text ended it. */
  void end() {
    if (!stops.stopped()) {
      String rest = decoder.finish();
      decoded += rest.length();
      text.append(stops.append(rest));
      text.append(stops.finish());
    }
    release();
    if (!stops.stopped()) {
      waiting.forEach(token -> tokens.add(token.token()));
    }
    waiting.clear();
  }

  private void release() {
    while (!waiting.isEmpty() && waiting.peek().start() < text.length()) {
      tokens.add(waiting.remove().token());
    }
  }

  /** What became certain since the last call; empty when nothing did. */
  Optional<ChatEvent.Text> takeText() {
    if (givenOutText == text.length() && givenOutTokens == tokens.size()) {
      return Optional.empty();
    }
    ChatEvent.Text news =
        new ChatEvent.Text(
            text.substring(givenOutText), tokens.subList(givenOutTokens, tokens.size()));
    givenOutText = text.length();
    givenOutTokens = tokens.size();
    return Optional.of(news);
  }

  /** Whether a stop text ended the answer. */
  boolean isStopped() {
    return stops.stopped();
  }

  /** How many tokens the answer has, those of a stop text included. */
  int size() {
    return ids.size();
  }

  /** The answer's tokens, those of a stop text included. */
  TokenIds ids() {
    return TokenIds.of(ids);
  }

  /** All certain text. */
  String text() {
    return text.toString();
  }

  /** The tokens behind {@link #text}. */
  List<AnswerToken> tokens() {
    return List.copyOf(tokens);
  }

  private AnswerToken token(int id, Optional<TokenScore> score) {
    return new AnswerToken(
        id,
        codec.text(id),
        score
            .filter(s -> wantScores)
            .map(
                s ->
                    new AnswerToken.Score(
                        s.logprob(),
                        s.top().stream()
                            .map(
                                top ->
                                    new AnswerToken.Alternative(
                                        top.id(), codec.text(top.id()), top.logprob()))
                            .toList())));
  }
}
