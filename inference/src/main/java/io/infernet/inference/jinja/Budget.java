package io.infernet.inference.jinja;

/** What one rendering may still do. Confined to one thread. */
final class Budget {

  /** Characters that cost as much as one step. */
  private static final int SIZE_OF_STEP = 8;

  /** Characters that weigh as much as an element of a list. */
  private static final int SIZE_OF_ITEM = 16;

  private final JinjaLimits limits;
  private long steps;
  private int depth;

  Budget(JinjaLimits limits) {
    this.limits = limits;
  }

  void step() {
    if (++steps > limits.maxSteps()) {
      throw new JinjaException("it does more than " + limits.maxSteps() + " steps");
    }
  }

  /** Called before a text grows to this length. */
  void fits(long size) {
    if (size > limits.maxSize()) {
      throw new JinjaException("it makes a text or list longer than " + limits.maxSize());
    }
  }

  /** Called before a text of this length is made or gone through. */
  void charge(long size) {
    fits(size);
    work(size);
  }

  /** Called before so many characters are looked at, of a text that is there. */
  void work(long characters) {
    steps += characters / SIZE_OF_STEP;
    step();
  }

  /** The same for a list. */
  void chargeItems(long count) {
    charge(count * SIZE_OF_ITEM);
  }

  void enter() {
    if (++depth > limits.maxDepth()) {
      throw new JinjaException("it is nested deeper than " + limits.maxDepth() + " levels");
    }
  }

  void leave() {
    depth--;
  }
}
