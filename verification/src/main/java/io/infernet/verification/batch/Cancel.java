package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.JobId;

/**
 * Nobody needs the rest of a batch.
 *
 * @param job which one
 * @param author its client, or the aggregator towards its workers
 * @param reason for a person, one line; may be empty
 */
public record Cancel(JobId job, PeerId author, String reason) implements Statement {

  public Cancel {
    requireNonNull(job, "job is null");
    requireNonNull(author, "author is null");
    Checks.requireLine(reason, "reason");
  }

  @Override
  public Kind kind() {
    return Kind.CANCEL;
  }
}
