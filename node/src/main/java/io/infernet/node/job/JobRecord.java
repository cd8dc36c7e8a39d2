package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.ModelName;
import io.infernet.verification.commitment.JobId;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What is remembered of a job that this node asked for; not what was said in it.
 *
 * @param id its name
 * @param model the model asked for
 * @param createdAt when it was asked for, in whole milliseconds
 * @param finishedAt when it ended
 * @param state how it stands
 * @param usage its tokens, once complete
 * @param provider who made its end
 * @param receipt the receipt's id, if there is one
 * @param price what it cost, in millionths of the currency's unit
 * @param attempts who was asked, in order
 * @param decisions why those
 * @param error what went wrong, empty when nothing did
 */
public record JobRecord(
    JobId id,
    ModelName model,
    Instant createdAt,
    Optional<Instant> finishedAt,
    State state,
    Optional<Usage> usage,
    Optional<Provider> provider,
    Optional<String> receipt,
    long price,
    List<Attempt> attempts,
    List<Decision> decisions,
    String error) {

  public JobRecord {
    requireNonNull(id, "id is null");
    requireNonNull(model, "model is null");
    createdAt = Instant.ofEpochMilli(createdAt.toEpochMilli());
    finishedAt = finishedAt.map(at -> Instant.ofEpochMilli(at.toEpochMilli()));
    requireNonNull(state, "state is null");
    requireNonNull(usage, "usage is null");
    requireNonNull(provider, "provider is null");
    requireNonNull(receipt, "receipt is null");
    attempts = List.copyOf(attempts);
    decisions = List.copyOf(decisions);
    requireNonNull(error, "error is null");
  }

  /** How a job stands. */
  public enum State {
    RUNNING,
    COMPLETED,
    FAILED,
    CANCELLED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
