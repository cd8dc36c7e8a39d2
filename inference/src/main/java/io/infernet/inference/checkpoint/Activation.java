package io.infernet.inference.checkpoint;

/** The bend inside a feed-forward block. */
public enum Activation {
  /** x · sigmoid(x). */
  SILU,
  /** x · Φ(x), with the error function: {@code gelu}. */
  GELU,
  /** The approximation of GELU by tanh: {@code gelu_pytorch_tanh}, {@code gelu_new}. */
  GELU_TANH
}
