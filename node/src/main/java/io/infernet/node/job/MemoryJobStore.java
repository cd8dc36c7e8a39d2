package io.infernet.node.job;

import io.infernet.verification.commitment.JobId;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A {@link JobStore} that forgets everything when the process ends. */
public final class MemoryJobStore implements JobStore {

  private static final Comparator<JobRecord> BY_AGE =
      Comparator.comparing(JobRecord::createdAt).thenComparing(job -> job.id().toString());

  private final int maxJobs;
  private final Map<JobId, JobRecord> jobs = new LinkedHashMap<>();

  /**
   * @param maxJobs how many are kept
   */
  public MemoryJobStore(int maxJobs) {
    this.maxJobs = maxJobs;
  }

  @Override
  public synchronized void put(JobRecord job) {
    jobs.put(job.id(), job);
    if (jobs.size() > maxJobs) {
      jobs.values().stream().min(BY_AGE).ifPresent(oldest -> jobs.remove(oldest.id()));
    }
  }

  @Override
  public synchronized Optional<JobRecord> get(JobId id) {
    return Optional.ofNullable(jobs.get(id));
  }

  @Override
  public synchronized List<JobRecord> newest(int limit) {
    return jobs.values().stream().sorted(BY_AGE.reversed()).limit(limit).toList();
  }
}
