package io.infernet.node.batch.schedule;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How many tokens a second a provider makes with a model: from what it claims, and from what was
 * measured here, which wins. Remembers a bounded number; the longest unused go first.
 *
 * <p>Implementation notes: tokens and seconds of measurements are summed, both halved with each
 * {@link ThroughputConfig#halfLife()}, and the claim {@code c} is put in as a measurement of {@code
 * P} tokens: {@code (P + tokens) / (P / c + seconds)}. A claim of infinity thus makes a provider
 * look faster by the share {@code P / tokens} only.
 */
public final class Throughput {

  /** Nobody is taken for slower, so that expected times stay finite. */
  private static final double SLOWEST = 0.01;

  private static final double NANOS = 1e9;

  private final ThroughputConfig config;
  private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  private record Key(PeerId peer, Cid model) {}

  private static final class Entry {
    double claim;
    double tokens;
    double seconds;
    long at;
  }

  public Throughput(ThroughputConfig config) {
    this.config = config;
  }

  /** A provider says how fast it is; what is not a positive number is not heard. */
  public void claimed(PeerId peer, Cid model, double tokensPerSecond, long now) {
    if (tokensPerSecond > 0) {
      entry(peer, model, now).claim = believable(tokensPerSecond);
    }
  }

  /** A provider took that time for so many tokens. */
  public void measured(PeerId peer, Cid model, long tokens, Duration took, long now) {
    if (tokens <= 0 || took.isNegative()) {
      return;
    }
    Entry entry = entry(peer, model, now);
    double fade = fade(entry, now);
    entry.tokens = entry.tokens * fade + tokens;
    entry.seconds =
        entry.seconds * fade
            + Math.max(took.toNanos() / NANOS, tokens / config.maxTokensPerSecond());
    entry.at = now;
  }

  /** Tokens per second; empty when nothing was claimed or measured. */
  public OptionalDouble of(PeerId peer, Cid model, long now) {
    Entry entry = entries.get(new Key(peer, model));
    if (entry == null) {
      return OptionalDouble.empty();
    }
    double fade = fade(entry, now);
    double tokens = entry.tokens * fade;
    double seconds = entry.seconds * fade;
    if (entry.claim > 0) {
      tokens += config.claimTokens();
      seconds += config.claimTokens() / entry.claim;
    }
    return seconds > 0 ? OptionalDouble.of(believable(tokens / seconds)) : OptionalDouble.empty();
  }

  /**
   * Whether more is known than what it claims: as many tokens were measured as a claim is worth.
   */
  public boolean isProven(PeerId peer, Cid model, long now) {
    Entry entry = entries.get(new Key(peer, model));
    return entry != null && entry.tokens * fade(entry, now) >= config.claimTokens();
  }

  private double believable(double tokensPerSecond) {
    return Math.max(SLOWEST, Math.min(config.maxTokensPerSecond(), tokensPerSecond));
  }

  private double fade(Entry entry, long now) {
    return Math.pow(2, -(double) Math.max(0, now - entry.at) / config.halfLife().toNanos());
  }

  private Entry entry(PeerId peer, Cid model, long now) {
    Entry entry =
        entries.computeIfAbsent(
            new Key(peer, model),
            key -> {
              Entry fresh = new Entry();
              fresh.at = now;
              return fresh;
            });
    if (entries.size() > config.maxEntries()) {
      entries.remove(entries.keySet().iterator().next());
    }
    return entry;
  }
}
