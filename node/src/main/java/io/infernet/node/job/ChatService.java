package io.infernet.node.job;

/** Where every front end gets its answers. Safe from any thread. */
public interface ChatService {

  /**
   * Starts to answer; never blocks. What is wrong with the request shows in {@link ChatJob#result}.
   */
  ChatJob start(ChatRequest request);
}
