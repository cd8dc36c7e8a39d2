package io.infernet.verification.batch;

import static java.util.Objects.requireNonNull;

import io.infernet.verification.commitment.JobId;

/**
 * The name of a shard.
 *
 * @param job whose items it holds
 * @param number within the job, from 0 in the order in which shards are cut
 */
public record ShardId(JobId job, int number) implements Comparable<ShardId> {

  public ShardId {
    requireNonNull(job, "job is null");
    if (number < 0) {
      throw new IllegalArgumentException("the number of a shard is negative: " + number);
    }
  }

  /** By job, then by number. */
  @Override
  public int compareTo(ShardId other) {
    int jobs = job.toString().compareTo(other.job.toString());
    return jobs != 0 ? jobs : Integer.compare(number, other.number);
  }

  /** The job and the number, such as {@code 00112233445566778899aabbccddeeff/7}. */
  @Override
  public String toString() {
    return job + "/" + number;
  }
}
