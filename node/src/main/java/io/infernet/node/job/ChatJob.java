package io.infernet.node.job;

import io.infernet.verification.commitment.JobId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/** An answer that is being made. Safe from any thread. */
public interface ChatJob {

  JobId id();

  /**
   * The answer as it is made, to one subscriber. What happens before it subscribes, or while it has
   * no demand, is kept and joined, so that a slow reader holds no more than the answer. Ends with
   * {@link ChatEvent.Finished}, or with the error of {@link #result}.
   *
   * <p>Calls come on the service's event thread and must not block; a reader that blocks asks for
   * one event at a time and takes it to a thread of its own.
   */
  Flow.Publisher<ChatEvent> events();

  /**
   * The whole answer. Fails with an {@code InfernetException}: {@code UsageException}, {@code
   * NoProviderException}, {@code DeadlinePassedException}, … or {@link JobCancelledException}.
   */
  CompletableFuture<ChatResult> result();

  /** Ends the job at once, here and at its provider. Does nothing when it has ended. */
  void cancel();
}
