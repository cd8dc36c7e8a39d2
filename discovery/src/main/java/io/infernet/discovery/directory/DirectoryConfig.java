package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.Limits;
import java.time.Duration;

/**
 * How the directory is kept.
 *
 * @param network which network it is of
 * @param limits size of messages
 */
public record DirectoryConfig(
    NetworkName network,
    DirectoryLimits limits,
    Table table,
    Heartbeats heartbeats,
    Asking asking,
    Announcing announcing,
    Demands demands,
    Offers offers) {

  public DirectoryConfig {
    requireNonNull(network, "network is null");
    requireNonNull(limits, "limits is null");
    requireNonNull(table, "table is null");
    requireNonNull(heartbeats, "heartbeats is null");
    requireNonNull(asking, "asking is null");
    requireNonNull(announcing, "announcing is null");
    requireNonNull(demands, "demands is null");
    requireNonNull(offers, "offers is null");
    Limits.requireAtLeast(
        table.recordLifetime(),
        heartbeats.interval().multipliedBy(2),
        "table.recordLifetime",
        "two heartbeats");
  }

  /**
   * What is remembered of peers.
   *
   * @param recordLifetime how long a record counts, from its timestamp
   * @param maxFuture how far a record's clock may be ahead
   * @param absurdFuture how far no honest peer's clock is ahead: who passes on such a record is
   *     blamed
   * @param maxRecords records that are kept
   * @param maxPerSource records that one peer may contribute about others by answering queries
   */
  public record Table(
      Duration recordLifetime,
      Duration maxFuture,
      Duration absurdFuture,
      int maxRecords,
      int maxPerSource) {
    public Table {
      Limits.requirePositive(recordLifetime, "table.recordLifetime");
      Limits.requirePositive(maxFuture, "table.maxFuture");
      Limits.requireAtLeast(absurdFuture, maxFuture, "table.absurdFuture", "table.maxFuture");
      Limits.requirePositive(maxRecords, "table.maxRecords");
      Limits.requirePositive(maxPerSource, "table.maxPerSource");
    }
  }

  /**
   * How a node says that it is there.
   *
   * @param interval time between heartbeats; varied by up to a fifth each way
   * @param changeInterval shortest time between heartbeats, when there is news
   * @param maxPerMinute heartbeats of one author that are passed on
   */
  public record Heartbeats(Duration interval, Duration changeInterval, int maxPerMinute) {
    public Heartbeats {
      Limits.requirePositive(changeInterval, "heartbeats.changeInterval");
      Limits.requireAtLeast(
          interval, changeInterval, "heartbeats.interval", "heartbeats.changeInterval");
      Limits.requirePositive(maxPerMinute, "heartbeats.maxPerMinute");
    }
  }

  /**
   * How others are asked.
   *
   * @param timeout how long one answer may take
   * @param newcomerAsks peers that are asked for all they know after a start; others are asked for
   *     themselves
   * @param silence a connected peer that was not heard of for so long is asked again
   * @param searchTimeout how long a search for providers may take
   * @param missLifetime after a search in vain none for the same model begins for so long, unless a
   *     peer connects
   * @param maxProviders providers that one search asks
   * @param maxSearches searches that go on at once
   * @param maxPerMinute queries that are served to one peer
   * @param distrust how long a peer that lied is neither asked nor answered
   * @param maxDistrusted peers of which that is remembered
   */
  public record Asking(
      Duration timeout,
      int newcomerAsks,
      Duration silence,
      Duration searchTimeout,
      Duration missLifetime,
      int maxProviders,
      int maxSearches,
      int maxPerMinute,
      Duration distrust,
      int maxDistrusted) {
    public Asking {
      Limits.requirePositive(timeout, "asking.timeout");
      Limits.requirePositive(newcomerAsks, "asking.newcomerAsks");
      Limits.requirePositive(silence, "asking.silence");
      Limits.requirePositive(searchTimeout, "asking.searchTimeout");
      Limits.requirePositive(missLifetime, "asking.missLifetime");
      Limits.requirePositive(maxProviders, "asking.maxProviders");
      Limits.requirePositive(maxSearches, "asking.maxSearches");
      Limits.requirePositive(maxPerMinute, "asking.maxPerMinute");
      Limits.requirePositive(distrust, "asking.distrust");
      Limits.requirePositive(maxDistrusted, "asking.maxDistrusted");
    }
  }

  /**
   * How a node puts itself into the DHT.
   *
   * @param interval time between puts of an unchanged record; varied by up to a fifth each way
   * @param changeInterval shortest time between puts, when there is news
   * @param firstRetry after what time a put that reached nobody is repeated; doubles up to {@code
   *     changeInterval}
   * @param maxAge how old a record in the DHT may be, from its timestamp
   */
  public record Announcing(
      Duration interval, Duration changeInterval, Duration firstRetry, Duration maxAge) {
    public Announcing {
      Limits.requirePositive(firstRetry, "announcing.firstRetry");
      Limits.requireAtLeast(
          changeInterval, firstRetry, "announcing.changeInterval", "announcing.firstRetry");
      Limits.requireAtLeast(
          interval, changeInterval, "announcing.interval", "announcing.changeInterval");
      Limits.requireAtLeast(
          maxAge, interval.multipliedBy(2), "announcing.maxAge", "two announcing.interval");
    }
  }

  /**
   * What is known of models that are wanted and not served.
   *
   * @param halfLife after what time a wish counts half
   * @param maxAge how old a signal may be when it arrives
   * @param maxModels models that are remembered
   * @param maxAskers askers of one model that are told apart
   * @param maxPerMinute signals of one author that are passed on
   */
  public record Demands(
      Duration halfLife, Duration maxAge, int maxModels, int maxAskers, int maxPerMinute) {
    public Demands {
      Limits.requirePositive(halfLife, "demands.halfLife");
      Limits.requirePositive(maxAge, "demands.maxAge");
      Limits.requirePositive(maxModels, "demands.maxModels");
      Limits.requirePositive(maxAskers, "demands.maxAskers");
      Limits.requirePositive(maxPerMinute, "demands.maxPerMinute");
    }
  }

  /**
   * How job offers are passed on.
   *
   * @param maxLifetime longest time from now to an offer's expiry
   * @param maxRemembered offers that are remembered, so that each is delivered once
   * @param maxPerMinute offers of one author that are passed on
   */
  public record Offers(Duration maxLifetime, int maxRemembered, int maxPerMinute) {
    public Offers {
      Limits.requirePositive(maxLifetime, "offers.maxLifetime");
      Limits.requirePositive(maxRemembered, "offers.maxRemembered");
      Limits.requirePositive(maxPerMinute, "offers.maxPerMinute");
    }
  }

  /** Heartbeats every 30 s, and records that count for 90 s: two may be lost. */
  public static DirectoryConfig defaults() {
    return of(NetworkName.MAIN);
  }

  /** The usual values for that network. */
  public static DirectoryConfig of(NetworkName network) {
    return new DirectoryConfig(
        network,
        DirectoryLimits.defaults(),
        new Table(
            Duration.ofSeconds(90), Duration.ofSeconds(30), Duration.ofMinutes(10), 4_096, 256),
        new Heartbeats(Duration.ofSeconds(30), Duration.ofSeconds(2), 30),
        new Asking(
            Duration.ofSeconds(5),
            8,
            Duration.ofSeconds(45),
            Duration.ofSeconds(3),
            Duration.ofSeconds(10),
            20,
            64,
            120,
            Duration.ofMinutes(10),
            1_024),
        new Announcing(
            Duration.ofMinutes(30),
            Duration.ofMinutes(1),
            Duration.ofMillis(500),
            Duration.ofHours(3)),
        new Demands(Duration.ofMinutes(5), Duration.ofMinutes(2), 1_024, 64, 12),
        new Offers(Duration.ofHours(1), 4_096, 30));
  }

  /** The same with another table. */
  public DirectoryConfig withTable(Table other) {
    return new DirectoryConfig(
        network, limits, other, heartbeats, asking, announcing, demands, offers);
  }
}
