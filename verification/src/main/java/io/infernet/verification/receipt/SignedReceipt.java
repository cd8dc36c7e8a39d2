package io.infernet.verification.receipt;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.Secp256k1;
import java.util.Optional;

/**
 * A receipt with its signatures. The provider signs first; the client's signature makes it
 * complete. Nothing here says that the signatures fit: {@link ReceiptVerifier} does.
 *
 * @param receipt what is signed
 * @param providerSignature over {@link Receipt#digest}
 * @param clientSignature over the same digest, once the client has agreed
 */
public record SignedReceipt(
    Receipt receipt,
    Secp256k1.Signature providerSignature,
    Optional<Secp256k1.Signature> clientSignature) {

  public SignedReceipt {
    requireNonNull(receipt, "receipt is null");
    requireNonNull(providerSignature, "providerSignature is null");
    requireNonNull(clientSignature, "clientSignature is null");
  }

  /** The provider's half. */
  public static SignedReceipt byProvider(Receipt receipt, PrivateKey providerKey) {
    return new SignedReceipt(receipt, sign(receipt, providerKey), Optional.empty());
  }

  /** The same receipt with the client's half. */
  public SignedReceipt counterSigned(PrivateKey clientKey) {
    return withClientSignature(sign(receipt, clientKey));
  }

  /** The same receipt with the client's half as it was received. */
  public SignedReceipt withClientSignature(Secp256k1.Signature signature) {
    return new SignedReceipt(receipt, providerSignature, Optional.of(signature));
  }

  /** Whether both have signed. */
  public boolean isComplete() {
    return clientSignature.isPresent();
  }

  private static Secp256k1.Signature sign(Receipt receipt, PrivateKey key) {
    return Secp256k1.sign(key, receipt.digest().toBytes());
  }
}
