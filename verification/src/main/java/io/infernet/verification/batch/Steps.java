package io.infernet.verification.batch;

import java.util.Set;

/** Says no to steps that a state machine does not have. */
final class Steps {

  private Steps() {}

  static <S extends Enum<S>> S go(Object what, S from, Set<S> allowed, S to) {
    if (!allowed.contains(to)) {
      throw new IllegalStepException(what + " is " + from + " and cannot become " + to);
    }
    return to;
  }
}
