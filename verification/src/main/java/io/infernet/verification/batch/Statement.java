package io.infernet.verification.batch;

import io.infernet.libp2p.peer.PeerId;

/**
 * What one peer says about a batch with its signature below it, so that others can hold it to it
 * later. {@link Signed} is a statement with its signature.
 */
public sealed interface Statement
    permits BatchTerms, Bid, Assignment, ShardCommitment, Reveal, Verdict, ShardReceipt, Cancel {

  /** Who says it, and must have signed it. */
  PeerId author();

  /** What kind of statement it is. */
  Kind kind();

  /** The kinds; a signature for one is none for another. */
  enum Kind {
    TERMS("batch-terms"),
    BID("bid"),
    ASSIGNMENT("assignment"),
    COMMITMENT("shard-commitment"),
    REVEAL("reveal"),
    VERDICT("verdict"),
    RECEIPT("shard-receipt"),
    CANCEL("batch-cancel");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** The purpose that the signature is for. */
    public String domain() {
      return "infernet-" + text;
    }

    /** How the payload is encoded. */
    public String payloadType() {
      return "/infernet/" + text + "/1";
    }

    @Override
    public String toString() {
      return text.replace('-', ' ');
    }
  }
}
