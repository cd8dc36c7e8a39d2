package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.JobId;
import java.time.Instant;

/**
 * What a worker would do of an offered batch.
 *
 * @param job the offered job
 * @param requester who offered it
 * @param worker who bids
 * @param model the CID of the manifest that it would compute with
 * @param basePrice of each shard, in millionths of the currency's unit
 * @param pricePerThousandTokens read and made, in millionths of the currency's unit
 * @param startsAt when it could begin, by its clock, in whole milliseconds
 * @param tokensPerSecond by its own measurement, for one shard
 * @param maxTokens largest shard that it takes, in tokens read and made
 * @param slots shards at the same time
 * @param operator who runs it, in its own words; empty when it does not say
 * @param hardwareClass within a class results are the same in every bit; empty when it does not say
 * @param validUntil until when the bid stands, in whole milliseconds
 */
public record Bid(
    JobId job,
    PeerId requester,
    PeerId worker,
    Cid model,
    long basePrice,
    long pricePerThousandTokens,
    Instant startsAt,
    double tokensPerSecond,
    int maxTokens,
    int slots,
    String operator,
    String hardwareClass,
    Instant validUntil)
    implements Statement {

  /** Characters of an operator or a hardware class. */
  public static final int MAX_NAME = 64;

  /** Of each price, in millionths of the currency's unit: what a shard costs cannot overflow. */
  public static final long MAX_PRICE = 1_000_000_000L;

  public Bid {
    requireNonNull(job, "job is null");
    requireNonNull(requester, "requester is null");
    requireNonNull(worker, "worker is null");
    requireNonNull(model, "model is null");
    if (basePrice < 0
        || basePrice > MAX_PRICE
        || pricePerThousandTokens < 0
        || pricePerThousandTokens > MAX_PRICE) {
      throw new IllegalArgumentException(
          "prices out of range: " + basePrice + ", " + pricePerThousandTokens);
    }
    if (!(tokensPerSecond > 0 && Double.isFinite(tokensPerSecond))) {
      throw new IllegalArgumentException("tokensPerSecond out of range: " + tokensPerSecond);
    }
    Checks.requirePositive(maxTokens, "maxTokens");
    Checks.requirePositive(slots, "slots");
    requireName(operator, "operator");
    requireName(hardwareClass, "hardwareClass");
    startsAt = Checks.millis(startsAt, "startsAt");
    validUntil = Checks.millis(validUntil, "validUntil");
  }

  private static void requireName(String name, String what) {
    Checks.requireLine(name, what);
    if (name.length() > MAX_NAME) {
      throw new IllegalArgumentException(what + " has more than 64 characters");
    }
  }

  @Override
  public PeerId author() {
    return worker;
  }

  @Override
  public Kind kind() {
    return Kind.BID;
  }
}
