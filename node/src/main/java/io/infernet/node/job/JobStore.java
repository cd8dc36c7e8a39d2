package io.infernet.node.job;

import io.infernet.verification.commitment.JobId;
import java.util.List;
import java.util.Optional;

/**
 * The jobs that this node asked for; the oldest are dropped beyond a limit. Safe from any thread;
 * calls may wait for the disk.
 */
public interface JobStore {

  /** Keeps what is known of a job; replaces what was known before. */
  void put(JobRecord job);

  Optional<JobRecord> get(JobId id);

  /** At most {@code limit} jobs, those created last first. */
  List<JobRecord> newest(int limit);
}
