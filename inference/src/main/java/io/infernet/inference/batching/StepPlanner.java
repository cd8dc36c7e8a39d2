package io.infernet.inference.batching;

import io.infernet.inference.batching.PrefixCache.Source;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/**
 * Decides what the next step computes: the next token of every answer that has one, and pieces of
 * prompts. Half of the budget for prompts belongs to the oldest unfinished one, the rest to those
 * with least left to compute: so brief prompts are quick, and none starves. A prompt that begins
 * like another one waits until that has computed what both need, and copies it. Confined to the
 * engine thread.
 */
final class StepPlanner {

  /** Most logits computed in one step when prompts are scored: 64 MiB. */
  private static final int MAX_SCORED_LOGITS = 1 << 24;

  private final BatcherConfig config;

  /** The answer computed last, in deterministic mode. */
  private long turn = -1;

  StepPlanner(BatcherConfig config) {
    this.config = config;
  }

  /**
   * Plans a step.
   *
   * @param running by number, the oldest first; each has a place for the tokens that it has
   * @return empty when nothing is running
   */
  List<Part> plan(NavigableMap<Long, Answer> running, int vocabulary, PrefixCache cache) {
    int scorable = Math.max(1, MAX_SCORED_LOGITS / vocabulary);
    return config.deterministic()
        ? planTurn(running, scorable, cache)
        : planAll(running, scorable, cache);
  }

  private List<Part> planAll(NavigableMap<Long, Answer> running, int scorable, PrefixCache cache) {
    List<Part> parts = new ArrayList<>();
    List<Answer> reading = new ArrayList<>();
    for (Answer answer : running.values()) {
      if (answer.decoding()) {
        parts.add(new Part(answer, answer.chunk(1)));
      } else if (!waitsForSource(answer, cache)) {
        reading.add(answer);
      }
    }
    int mixed = config.mixedTokens();
    int budget =
        parts.isEmpty()
            ? config.prefillTokens()
            : Math.max(mixed - parts.size(), Math.max(1, mixed / 8));
    for (Map.Entry<Answer, Integer> grant : grants(reading, budget).entrySet()) {
      Answer answer = grant.getKey();
      int tokens = grant.getValue();
      if (answer.scoring()) {
        tokens = Math.min(tokens, scorable);
        scorable -= tokens;
      }
      if (tokens > 0) {
        parts.add(new Part(answer, answer.chunk(tokens)));
      }
    }
    return parts;
  }

  /** Whether another answer is computing what this one needs too; if it has done so, copies it. */
  private static boolean waitsForSource(Answer answer, PrefixCache cache) {
    Source source = answer.source();
    if (source != null
        && (source.sequence().computed() >= source.tokens() || !cache.active(source.sequence()))) {
      answer.waitFor(cache.share(answer.sequence(), answer.reusable()));
    }
    return answer.source() != null;
  }

  /** How many tokens each unfinished prompt gets; {@code reading} has the oldest first. */
  private static Map<Answer, Integer> grants(List<Answer> reading, int budget) {
    Map<Answer, Integer> grants = new LinkedHashMap<>();
    if (reading.isEmpty()) {
      return grants;
    }
    int share = Math.min(reading.get(0).sequence().remaining(), (budget + 1) / 2);
    grants.put(reading.get(0), share);
    int left = budget - share;
    List<Answer> brief = new ArrayList<>(reading);
    brief.sort(Comparator.comparingInt(answer -> answer.sequence().remaining()));
    for (Answer answer : brief) {
      int has = grants.getOrDefault(answer, 0);
      int more = Math.min(answer.sequence().remaining() - has, left);
      grants.put(answer, has + more);
      left -= more;
    }
    return grants;
  }

  /** In deterministic mode: the next piece of one sequence, cut where it would be cut alone. */
  private List<Part> planTurn(NavigableMap<Long, Answer> running, int scorable, PrefixCache cache) {
    List<Answer> order = new ArrayList<>(running.tailMap(turn, false).values());
    order.addAll(running.headMap(turn, true).values());
    for (Answer answer : order) {
      if (answer.decoding() || !waitsForSource(answer, cache)) {
        turn = answer.number();
        int computed = answer.sequence().computed();
        int prompt = answer.request().prompt().size();
        int unit = config.prefillTokens();
        int end = Math.min(prompt, computed - computed % unit + unit);
        int tokens = computed < prompt ? end - computed : 1;
        if (answer.scoring()) {
          tokens = Math.min(tokens, scorable);
        }
        return List.of(new Part(answer, answer.chunk(tokens)));
      }
    }
    return List.of();
  }
}
