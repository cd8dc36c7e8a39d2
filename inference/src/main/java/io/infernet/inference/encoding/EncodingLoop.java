package io.infernet.inference.encoding;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.EncoderHead;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EncodingRequest;
import io.infernet.inference.engine.EncodingResult;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.tokenizer.TypedTokens;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Computes an engine's encodings in bounded steps, each request in turn; a step is filled up with
 * texts of other requests for the same model. {@link #submit} may be called from any thread; {@link
 * #step} and {@link #close} belong to the engine thread, on which all futures are completed.
 */
public final class EncodingLoop {

  private final EncodingLimits limits;
  private final Runnable wakeUp;

  /** Guards all below. */
  private final Object lock = new Object();

  private final Deque<Job> jobs = new ArrayDeque<>();
  private long queuedTokens;
  private boolean closed;

  /**
   * @param wakeUp called from any thread when there may be something to do again
   */
  public EncodingLoop(EncodingLimits limits, Runnable wakeUp) {
    this.limits = requireNonNull(limits, "limits is null");
    this.wakeUp = requireNonNull(wakeUp, "wakeUp is null");
  }

  /**
   * Queues a request.
   *
   * @param model the request's model, done when it is loaded
   * @return the result; cancelling it ends the work within one step
   * @throws EngineBusyException when the queue is full
   */
  public CompletableFuture<EncodingResult> submit(
      EncodingRequest request, CompletableFuture<? extends Encoder> model) {
    Job job = new Job(request, model);
    synchronized (lock) {
      if (closed) {
        throw new IllegalStateException("the engine is closed");
      }
      boolean full = jobs.size() >= limits.maxRequests();
      if (full || (!jobs.isEmpty() && queuedTokens + job.tokens > limits.maxTokens())) {
        throw new EngineBusyException(Math.min(1, jobs.size()), Math.max(0, jobs.size() - 1));
      }
      jobs.addLast(job);
      queuedTokens += job.tokens;
    }
    model.whenComplete((encoder, error) -> wakeUp.run());
    job.result.whenComplete(
        (result, error) -> {
          if (job.result.isCancelled()) {
            wakeUp.run();
          }
        });
    return job.result;
  }

  /** Requests for a model that are under way or waiting. */
  public int requests(CompletableFuture<? extends Encoder> model) {
    synchronized (lock) {
      return (int) jobs.stream().filter(job -> job.model == model).count();
    }
  }

  /**
   * Makes one step.
   *
   * @return whether there was anything to do
   */
  public boolean step() {
    List<Job> ended = new ArrayList<>();
    List<Job> batch = new ArrayList<>();
    synchronized (lock) {
      for (Iterator<Job> all = jobs.iterator(); all.hasNext(); ) {
        Job job = all.next();
        if (job.result.isDone() || job.model.isCompletedExceptionally()) {
          all.remove();
          queuedTokens -= job.tokens;
          ended.add(job);
        }
      }
      jobs.stream()
          .filter(job -> job.model.isDone())
          .findFirst()
          .ifPresent(
              first -> {
                batch.add(first);
                jobs.stream()
                    .filter(job -> job != first && job.model == first.model)
                    .forEach(batch::add);
                // The others come first the next time.
                jobs.remove(first);
                jobs.addLast(first);
              });
    }
    ended.forEach(Job::failWithModel);
    if (!batch.isEmpty()) {
      compute(batch);
    }
    return !ended.isEmpty() || !batch.isEmpty();
  }

  private void compute(List<Job> batch) {
    Encoder encoder = batch.get(0).model.join();
    List<TypedTokens> texts = new ArrayList<>();
    List<Job> owners = new ArrayList<>();
    int tokens = 0;
    for (Job job : batch) {
      if (!job.accepted(encoder)) {
        continue;
      }
      TypedTokens text = job.peek();
      while (text != null && (texts.isEmpty() || tokens + text.size() <= limits.stepTokens())) {
        tokens += text.size();
        texts.add(text);
        owners.add(job);
        job.taken++;
        text = job.peek();
      }
    }
    if (texts.isEmpty()) {
      return;
    }
    try {
      List<float[]> rows = encoder.encode(texts);
      for (int i = 0; i < rows.size(); i++) {
        owners.get(i).add(rows.get(i), encoder.head());
      }
    } catch (RuntimeException | Error e) {
      owners.forEach(job -> job.fail(e));
    }
  }

  /** Cancels everything; nothing can be submitted any more. */
  public void close() {
    List<Job> left;
    synchronized (lock) {
      closed = true;
      left = List.copyOf(jobs);
      jobs.clear();
      queuedTokens = 0;
    }
    left.forEach(job -> job.result.completeExceptionally(new CancellationException()));
  }

  private void remove(Job job) {
    synchronized (lock) {
      if (jobs.remove(job)) {
        queuedTokens -= job.tokens;
      }
    }
  }

  private final class Job {
    private final EncodingRequest request;
    private final CompletableFuture<? extends Encoder> model;
    private final CompletableFuture<EncodingResult> result = new CompletableFuture<>();
    private final int tokens;

    /** The request's texts, the shortest first, so that those of a step are about equally long. */
    private final int[] order;

    private final @Nullable float[][] rows;
    private boolean checked;
    private int taken;
    private int done;

    Job(EncodingRequest request, CompletableFuture<? extends Encoder> model) {
      this.request = request;
      this.model = model;
      tokens = request.tokens();
      order =
          IntStream.range(0, request.texts().size())
              .boxed()
              .sorted(Comparator.comparingInt(i -> request.texts().get(i).size()))
              .mapToInt(Integer::intValue)
              .toArray();
      rows = new float[order.length][];
    }

    /** Whether the model takes all texts; otherwise the job ends. */
    boolean accepted(Encoder encoder) {
      if (!checked) {
        checked = true;
        for (int i = 0; i < request.texts().size(); i++) {
          TypedTokens text = request.texts().get(i);
          int highest = Arrays.stream(text.ids().toArray()).max().orElse(0);
          if (highest >= encoder.vocabSize()) {
            fail(
                new InfernetException(
                    "token id %d is not of %s, whose ids end at %d"
                        .formatted(highest, request.model().name(), encoder.vocabSize() - 1)));
          } else if (text.size() > encoder.contextLength()) {
            fail(
                ContextLengthExceededException.ofText(
                    request.model().name(), i, text.size(), encoder.contextLength()));
          }
        }
      }
      return !result.isDone();
    }

    @Nullable TypedTokens peek() {
      return taken < order.length ? request.texts().get(order[taken]) : null;
    }

    /** Takes the row of the text that comes next in {@link #order}. */
    void add(float[] row, EncoderHead head) {
      for (float number : row) {
        if (!Float.isFinite(number)) {
          fail(
              new DamagedModelException(
                  "model %s gives no numbers but NaN or infinity; its weights are damaged"
                      .formatted(request.model().name())));
          return;
        }
      }
      rows[order[done++]] = row;
      if (done == order.length) {
        remove(this);
        result.complete(Encodings.result(head, List.of(rows), request.texts()));
      }
    }

    void failWithModel() {
      model.whenComplete(
          (encoder, error) -> {
            if (error != null) {
              fail(
                  error instanceof CompletionException && error.getCause() != null
                      ? error.getCause()
                      : error);
            }
          });
    }

    void fail(Throwable error) {
      remove(this);
      result.completeExceptionally(error);
    }
  }
}
