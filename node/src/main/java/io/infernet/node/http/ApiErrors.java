package io.infernet.node.http;

import io.infernet.inference.InfernetException;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.engine.EngineBusyException;
import io.infernet.inference.engine.remote.BackendException;
import io.infernet.inference.model.ModelNotFoundException;
import io.infernet.node.DeadlinePassedException;
import io.infernet.node.NoProviderException;
import io.infernet.node.UsageException;
import io.infernet.node.VerificationFailedException;
import io.infernet.node.job.JobCancelledException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what went wrong into a status and an error object. */
final class ApiErrors {

  private static final Logger LOG = LoggerFactory.getLogger(ApiErrors.class);

  private static final String REQUEST = "invalid_request_error";
  private static final String SERVER = "server_error";

  private ApiErrors() {}

  /** What the client is told of {@code error}; what nobody foresaw goes to the log only. */
  static ApiException of(Throwable error) {
    Throwable cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ApiException api) {
      return api;
    }
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof UsageException) {
      return ApiException.badRequest(message);
    }
    if (cause instanceof ModelNotFoundException) {
      return ApiException.of(404, REQUEST, "model_not_found", message);
    }
    if (cause instanceof ContextLengthExceededException) {
      return ApiException.of(400, REQUEST, "context_length_exceeded", message);
    }
    if (cause instanceof NoProviderException) {
      return ApiException.of(503, SERVER, "no_provider", message);
    }
    if (cause instanceof EngineBusyException) {
      return ApiException.of(429, "rate_limit_error", "engine_busy", message);
    }
    if (cause instanceof BackendException) {
      return ApiException.of(502, SERVER, "backend_failed", message);
    }
    if (cause instanceof DeadlinePassedException) {
      return ApiException.of(504, SERVER, "deadline_passed", message);
    }
    if (cause instanceof VerificationFailedException) {
      return ApiException.of(502, SERVER, "verification_failed", message);
    }
    if (cause instanceof JobCancelledException) {
      return ApiException.of(503, SERVER, "cancelled", message);
    }
    if (cause instanceof InfernetException) {
      return ApiException.of(500, SERVER, "failed", message);
    }
    LOG.error("a request failed", cause);
    return ApiException.of(500, SERVER, "internal_error", "The node failed; its log says where.");
  }
}
