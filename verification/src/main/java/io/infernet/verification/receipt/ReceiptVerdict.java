package io.infernet.verification.receipt;

/** What {@link ReceiptVerifier} found. */
public sealed interface ReceiptVerdict {

  /** Both sides signed exactly this. */
  record Valid() implements ReceiptVerdict {}

  /** The provider signed exactly this, the client has not signed. */
  record HalfSigned() implements ReceiptVerdict {}

  /**
   * Nobody is bound by it.
   *
   * @param reason what does not fit, in words for a person
   */
  record Invalid(String reason) implements ReceiptVerdict {}
}
