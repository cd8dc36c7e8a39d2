package io.infernet.node.cli;

import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import java.util.function.Consumer;

/** Where {@code run} gets answers: a running node, or one of its own. */
interface Answers extends AutoCloseable {

  /**
   * Waits for one answer.
   *
   * @param events told on the calling thread as they come
   * @throws io.infernet.inference.InfernetException when there is none
   */
  ChatResult ask(ChatRequest request, Consumer<ChatEvent> events) throws InterruptedException;

  /** Cancels what is under way and gives up what is held. Callable from a shutdown hook. */
  @Override
  void close();
}
