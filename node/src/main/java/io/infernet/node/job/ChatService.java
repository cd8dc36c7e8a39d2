package io.infernet.node.job;

/** Where every front end gets its answers. Safe from any thread. */
public interface ChatService {

  /**
   * Starts to answer; never blocks. What is wrong with the request shows in {@link ChatJob#result}.
   */
  ChatJob start(ChatRequest request);

  /**
   * Like {@link #start}, but asks nobody else: neither peers nor backends. For requests that have
   * come from another node already and must not go in circles. The same as {@code start} for a
   * service that never asks others.
   */
  default ChatJob startHere(ChatRequest request) {
    return start(request);
  }
}
