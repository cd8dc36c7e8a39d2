package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Work that is offered to everyone who serves a model.
 *
 * @param job the name of the job, {@value #JOB_LENGTH} bytes as hex digits
 * @param manifest the CID of the model's manifest
 * @param task what is to be done, such as {@code generate}
 * @param tokens tokens to be read and made in all
 * @param maxPrice the most to be paid for all of it, in millionths of the currency's unit
 * @param deadline when it must be done, in whole milliseconds
 * @param expiry until when answers to the offer are awaited, not after the deadline
 * @param topics what the content is about, for {@link ProviderPolicy}
 * @param requester who offers it
 */
public record JobOffer(
    String job,
    Cid manifest,
    String task,
    long tokens,
    long maxPrice,
    Instant deadline,
    Instant expiry,
    List<String> topics,
    PeerId requester) {

  /** Bytes of a job's name. */
  public static final int JOB_LENGTH = 16;

  /** Most tokens of one job: prices cannot overflow. */
  public static final long MAX_TOKENS = 1_000_000_000L;

  private static final Pattern NAME = Pattern.compile("[0-9a-f]{" + 2 * JOB_LENGTH + "}");
  private static final Pattern TASK = Pattern.compile("[a-z][a-z0-9-]{0,31}");

  public JobOffer {
    requireNonNull(manifest, "manifest is null");
    requireNonNull(requester, "requester is null");
    topics = List.copyOf(topics);
    topics.forEach(ProviderPolicy::requireTopic);
    deadline = Instant.ofEpochMilli(deadline.toEpochMilli());
    expiry = Instant.ofEpochMilli(expiry.toEpochMilli());
    if (!NAME.matcher(job).matches() || !TASK.matcher(task).matches()) {
      throw new IllegalArgumentException("not a job and its task: " + job + ", " + task);
    }
    if (tokens < 1 || tokens > MAX_TOKENS || maxPrice < 0) {
      throw new IllegalArgumentException(
          "an offer out of range: " + tokens + " tokens for " + maxPrice);
    }
    if (expiry.isAfter(deadline)) {
      throw new IllegalArgumentException("an offer that expires after its deadline");
    }
  }

  /** Whether a node that can do this, at its price and by its policy, would take the work. */
  public boolean suits(Capabilities own) {
    return own.policy().permits(topics)
        && own.models().stream()
            .filter(offer -> offer.manifest().equals(manifest))
            .anyMatch(offer -> offer.prices().price(tokens) <= maxPrice);
  }
}
