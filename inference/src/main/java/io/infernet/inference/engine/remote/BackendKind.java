package io.infernet.inference.engine.remote;

import java.util.Locale;
import java.util.Set;

/** Which program a backend is, as far as it matters for what it can be asked. */
public enum BackendKind {
  VLLM(Set.of(), true),
  SGLANG(Set.of(), true),
  LLAMA_CPP(Set.of(), false),
  /** Its OpenAI endpoints know only OpenAI's own parameters and pass over others in silence. */
  OLLAMA(Set.of("top_k", "min_p", "repetition_penalty"), false),
  /** Another node of ours. */
  INFERNET(Set.of(), false),
  /** Something else that speaks OpenAI's API. */
  OTHER(Set.of("top_k", "min_p", "repetition_penalty"), false);

  private final Set<String> unsupported;
  private final boolean continuousUsage;

  BackendKind(Set<String> unsupported, boolean continuousUsage) {
    this.unsupported = unsupported;
    this.continuousUsage = continuousUsage;
  }

  /** Whether it does what this request parameter says. */
  boolean supports(String parameter) {
    return !unsupported.contains(parameter);
  }

  /** What it calls a parameter. */
  String nameOf(String parameter) {
    return this == LLAMA_CPP && parameter.equals("repetition_penalty")
        ? "repeat_penalty"
        : parameter;
  }

  /** Whether it can say the usage in every event of a stream, not just in the last. */
  boolean continuousUsage() {
    return continuousUsage;
  }

  /** As people write it, such as {@code llama.cpp}. */
  @Override
  public String toString() {
    return this == LLAMA_CPP ? "llama.cpp" : name().toLowerCase(Locale.ROOT);
  }
}
