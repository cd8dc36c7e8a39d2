package io.infernet.verification.receipt;

import io.infernet.libp2p.peer.EvmAddress;
import io.infernet.libp2p.peer.Secp256k1;
import java.util.Optional;

/**
 * Checks receipts from what is in them alone: no network, no store. It says who signed; whether the
 * work was done is for audits to say. Stateless.
 */
public final class ReceiptVerifier {

  /** Checks both signatures and that the figures are possible. */
  public ReceiptVerdict verify(SignedReceipt signed) {
    Receipt receipt = signed.receipt();
    if (receipt.client().equals(receipt.provider())) {
      return new ReceiptVerdict.Invalid("client and provider are the same peer");
    }
    if (receipt.promptTokens() == 0) {
      return new ReceiptVerdict.Invalid("the prompt has no tokens");
    }
    if (receipt.finishedAt().isBefore(receipt.startedAt())) {
      return new ReceiptVerdict.Invalid("the answer was finished before it was started");
    }
    if (receipt.completionTokens() == 0
        && !receipt.firstCommitment().equals(receipt.lastCommitment())) {
      return new ReceiptVerdict.Invalid("an answer of no tokens has a chain of commitments");
    }
    if (!isSignedBy(receipt, signed.providerSignature(), receipt.providerAddress())) {
      return new ReceiptVerdict.Invalid("the provider's signature does not fit the receipt");
    }
    Optional<Secp256k1.Signature> client = signed.clientSignature();
    if (client.isEmpty()) {
      return new ReceiptVerdict.HalfSigned();
    }
    if (!isSignedBy(receipt, client.get(), receipt.clientAddress())) {
      return new ReceiptVerdict.Invalid("the client's signature does not fit the receipt");
    }
    return new ReceiptVerdict.Valid();
  }

  /** Whether the key behind {@code address} made {@code signature} over the receipt's digest. */
  private static boolean isSignedBy(
      Receipt receipt, Secp256k1.Signature signature, EvmAddress address) {
    return Secp256k1.recover(receipt.digest().toBytes(), signature)
        .map(EvmAddress::of)
        .filter(address::equals)
        .isPresent();
  }
}
