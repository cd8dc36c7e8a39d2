package io.infernet.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.model.ModelManifest;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.Secp256k1;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Receipts as JSON, for people and files: everything that the signatures cover and the signatures.
 * Reading and writing round-trip; what is read must still be checked by {@code ReceiptVerifier}.
 */
public final class ReceiptJson {

  private static final String FORMAT = "infernet-receipt/1";

  private ReceiptJson() {}

  /** One receipt. */
  public static ObjectNode write(SignedReceipt signed) {
    Receipt receipt = signed.receipt();
    return JsonNodeFactory.instance
        .objectNode()
        .put("format", FORMAT)
        .put("id", receipt.id())
        .put("job", receipt.jobId().toString())
        .put("attempt", receipt.attempt())
        .put("client", receipt.client().toString())
        .put("provider", receipt.provider().toString())
        .put("model_cid", receipt.model().toString())
        .put("fingerprintable", !ModelManifest.isBackend(receipt.model()))
        .put("first_commitment", receipt.firstCommitment().toString())
        .put("last_commitment", receipt.lastCommitment().toString())
        .put("prompt_tokens", receipt.promptTokens())
        .put("resumed_tokens", receipt.resumedTokens())
        .put("completion_tokens", receipt.completionTokens())
        .put("price", receipt.price())
        .put("end", receipt.end().toString())
        .put("started_at", receipt.startedAt().toString())
        .put("finished_at", receipt.finishedAt().toString())
        .put("provider_signature", hex(signed.providerSignature()))
        .put("client_signature", signed.clientSignature().map(ReceiptJson::hex).orElse(null));
  }

  /**
   * Reads what {@link #write} writes.
   *
   * @throws IllegalArgumentException when it is something else, or its id is not its own
   */
  public static SignedReceipt read(JsonNode json) {
    if (!text(json, "format").equals(FORMAT)) {
      throw new IllegalArgumentException("its format is not " + FORMAT);
    }
    Receipt receipt;
    try {
      receipt =
          new Receipt(
              JobId.parse(text(json, "job")),
              integer(json, "attempt"),
              PeerId.parse(text(json, "client")),
              PeerId.parse(text(json, "provider")),
              Cid.parse(text(json, "model_cid")),
              Hash.parse(text(json, "first_commitment")),
              Hash.parse(text(json, "last_commitment")),
              integer(json, "prompt_tokens"),
              integer(json, "resumed_tokens"),
              integer(json, "completion_tokens"),
              number(json, "price").asLong(),
              AnswerEnd.parse(text(json, "end"))
                  .orElseThrow(() -> new IllegalArgumentException("its end is unknown")),
              Instant.parse(text(json, "started_at")),
              Instant.parse(text(json, "finished_at")));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("a time is not one: " + e.getParsedString(), e);
    }
    if (!text(json, "id").equals(receipt.id())) {
      throw new IllegalArgumentException("its id is not that of its content: it was changed");
    }
    JsonNode client = json.path("client_signature");
    return new SignedReceipt(
        receipt,
        signature(text(json, "provider_signature")),
        client.isTextual() ? Optional.of(signature(client.asText())) : Optional.empty());
  }

  private static String hex(Secp256k1.Signature signature) {
    return HexFormat.of().formatHex(signature.toBytes());
  }

  private static Secp256k1.Signature signature(String hex) {
    return Secp256k1.Signature.fromBytes(HexFormat.of().parseHex(hex));
  }

  private static String text(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("its " + name + " is missing");
    }
    return value.asText();
  }

  private static int integer(JsonNode json, String name) {
    JsonNode value = number(json, name);
    if (!value.canConvertToInt()) {
      throw new IllegalArgumentException("its " + name + " is too large");
    }
    return value.asInt();
  }

  private static JsonNode number(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IllegalArgumentException("its " + name + " is no whole number");
    }
    return value;
  }
}
