package io.infernet.inference.engine;

import static java.util.Objects.requireNonNull;

/**
 * Where a model computes. An immutable value.
 *
 * @param kind of hardware
 * @param index which one of its kind, from 0
 */
public record Device(Kind kind, int index) {

  /** Kinds of hardware. */
  public enum Kind {
    CPU,
    /** NVIDIA's, by CUDA. */
    CUDA,
    /** Apple's GPU, by Metal. */
    MPS
  }

  /** The processor and its memory. */
  public static final Device CPU = new Device(Kind.CPU, 0);

  /** Apple's GPU, which shares the processor's memory. */
  public static final Device MPS = new Device(Kind.MPS, 0);

  /** Most cards in one machine, by a wide margin. */
  static final int MAX_INDEX = 255;

  public Device {
    requireNonNull(kind, "kind is null");
    if (index < 0 || index > MAX_INDEX || (kind != Kind.CUDA && index != 0)) {
      throw new IllegalArgumentException("no such device: " + kind + " " + index);
    }
  }

  /** NVIDIA's card number {@code index}, in the order that CUDA counts them. */
  public static Device cuda(int index) {
    return new Device(Kind.CUDA, index);
  }

  /** Whether it is a GPU. */
  public boolean isGpu() {
    return kind != Kind.CPU;
  }

  /** As libtorch writes it: {@code cpu}, {@code cuda:0}, {@code mps}. */
  @Override
  public String toString() {
    return switch (kind) {
      case CPU -> "cpu";
      case CUDA -> "cuda:" + index;
      case MPS -> "mps";
    };
  }
}
