package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A question such as "who has this model warm, cheapest first, heard of within the last minute?".
 * Made from {@link #of} by naming what else is wanted.
 *
 * @param manifest the CID of the model's manifest
 * @param name what people call the model, for those who might load it; may be empty
 * @param warmOnly whether those that would have to load it first are left out
 * @param tokens tokens of the job by whose price providers are compared
 * @param maxPrice the most that such a job may cost
 * @param minTier only machines with a GPU of at least this tier
 * @param region only nodes in this region
 * @param except peers that are not wanted
 * @param maxAge only nodes that were heard of within this time
 * @param order what comes first
 * @param limit most providers wanted
 */
public record DirectoryQuery(
    Cid manifest,
    String name,
    boolean warmOnly,
    int tokens,
    long maxPrice,
    Optional<VramTier> minTier,
    Optional<String> region,
    Set<PeerId> except,
    Duration maxAge,
    Order order,
    int limit) {

  /** The usual {@code limit}. */
  public static final int LIMIT = 100;

  private static final Duration ANY_AGE = Duration.ofDays(1);

  /** What comes first; where that is equal, warm, then cheap, then idle ones. */
  public enum Order {
    WARM,
    CHEAPEST,
    LEAST_LOADED,
    /** By the time that the last answer took; peers that were never asked come last. */
    FASTEST
  }

  public DirectoryQuery {
    requireNonNull(manifest, "manifest is null");
    requireNonNull(name, "name is null");
    requireNonNull(minTier, "minTier is null");
    requireNonNull(region, "region is null");
    except = Set.copyOf(except);
    requireNonNull(maxAge, "maxAge is null");
    requireNonNull(order, "order is null");
    if (tokens < 0 || maxPrice < 0 || maxAge.isNegative() || limit < 1) {
      throw new IllegalArgumentException("a query out of range");
    }
  }

  /** All that serve the model, warm ones first. */
  public static DirectoryQuery of(Cid manifest) {
    return new DirectoryQuery(
        manifest,
        "",
        false,
        1_000,
        Long.MAX_VALUE,
        Optional.empty(),
        Optional.empty(),
        Set.of(),
        ANY_AGE,
        Order.WARM,
        LIMIT);
  }

  public DirectoryQuery named(String wanted) {
    return new DirectoryQuery(
        manifest, wanted, warmOnly, tokens, maxPrice, minTier, region, except, maxAge, order,
        limit);
  }

  public DirectoryQuery onlyWarm() {
    return new DirectoryQuery(
        manifest, name, true, tokens, maxPrice, minTier, region, except, maxAge, order, limit);
  }

  /** A job of so many tokens may cost at most {@code price}. */
  public DirectoryQuery costing(long price, int forTokens) {
    return new DirectoryQuery(
        manifest, name, warmOnly, forTokens, price, minTier, region, except, maxAge, order, limit);
  }

  public DirectoryQuery atLeast(VramTier tier) {
    return new DirectoryQuery(
        manifest,
        name,
        warmOnly,
        tokens,
        maxPrice,
        Optional.of(tier),
        region,
        except,
        maxAge,
        order,
        limit);
  }

  public DirectoryQuery in(String wanted) {
    return new DirectoryQuery(
        manifest,
        name,
        warmOnly,
        tokens,
        maxPrice,
        minTier,
        Optional.of(wanted),
        except,
        maxAge,
        order,
        limit);
  }

  public DirectoryQuery heardWithin(Duration age) {
    return new DirectoryQuery(
        manifest, name, warmOnly, tokens, maxPrice, minTier, region, except, age, order, limit);
  }

  public DirectoryQuery by(Order wanted) {
    return new DirectoryQuery(
        manifest, name, warmOnly, tokens, maxPrice, minTier, region, except, maxAge, wanted, limit);
  }

  public DirectoryQuery atMost(int providers) {
    return new DirectoryQuery(
        manifest, name, warmOnly, tokens, maxPrice, minTier, region, except, maxAge, order,
        providers);
  }

  public DirectoryQuery without(Collection<PeerId> peers) {
    return new DirectoryQuery(
        manifest,
        name,
        warmOnly,
        tokens,
        maxPrice,
        minTier,
        region,
        Set.copyOf(peers),
        maxAge,
        order,
        limit);
  }

  /** Whether a node that said this is an answer. */
  public boolean matches(CapabilityRecord record, Instant now) {
    Capabilities said = record.capabilities();
    return record.offer(manifest).filter(this::matches).isPresent()
        && !except.contains(record.peer())
        && region.map(said::isIn).orElse(true)
        && minTier
            .map(
                least ->
                    said.hardware().tier().filter(own -> own.compareTo(least) >= 0).isPresent())
            .orElse(true)
        && !record.timestamp().plus(maxAge).isBefore(now);
  }

  private boolean matches(ModelOffer offer) {
    return (offer.warm() || !warmOnly) && offer.prices().price(tokens) <= maxPrice;
  }

  /**
   * The answers among {@code records}, best first.
   *
   * @param latency how long a peer takes to answer, as far as that is known
   */
  public List<CapabilityRecord> select(
      Collection<CapabilityRecord> records,
      Instant now,
      Function<PeerId, Optional<Duration>> latency) {
    return records.stream()
        .filter(record -> matches(record, now))
        .sorted(comparator(latency))
        .limit(limit)
        .toList();
  }

  private Comparator<CapabilityRecord> comparator(Function<PeerId, Optional<Duration>> latency) {
    Comparator<CapabilityRecord> warm = Comparator.comparing(record -> !offered(record).warm());
    Comparator<CapabilityRecord> price =
        Comparator.comparing(record -> offered(record).prices().price(tokens));
    Comparator<CapabilityRecord> load =
        Comparator.comparing(record -> record.capabilities().load().ratio());
    Comparator<CapabilityRecord> usual = warm.thenComparing(price).thenComparing(load);
    return switch (order) {
      case WARM -> usual;
      case CHEAPEST -> price.thenComparing(usual);
      case LEAST_LOADED -> load.thenComparing(usual);
      case FASTEST ->
          Comparator.<CapabilityRecord, Long>comparing(
                  record ->
                      latency.apply(record.peer()).map(Duration::toNanos).orElse(Long.MAX_VALUE))
              .thenComparing(usual);
    };
  }

  private ModelOffer offered(CapabilityRecord record) {
    return record.offer(manifest).orElseThrow();
  }
}
