package io.infernet.verification.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.Secp256k1;
import io.infernet.proto.evidence.EvidenceProto;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.receipt.AnswerEnd;
import io.infernet.verification.receipt.Receipt;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Instant;
import java.util.Optional;

/** {@link SignedReceipt}s as protobuf. Stateless and safe from any thread. */
public final class ReceiptCodec {

  /** More than an encoded receipt can take. */
  public static final int MAX_SIZE = 1024;

  private static final int VERSION = 1;

  public byte[] encode(SignedReceipt signed) {
    Receipt receipt = signed.receipt();
    EvidenceProto.SignedReceipt.Builder message =
        EvidenceProto.SignedReceipt.newBuilder()
            .setReceipt(
                EvidenceProto.Receipt.newBuilder()
                    .setVersion(VERSION)
                    .setJobId(ByteString.copyFrom(receipt.jobId().toBytes()))
                    .setAttempt(receipt.attempt())
                    .setClient(ByteString.copyFrom(receipt.client().toBytes()))
                    .setProvider(ByteString.copyFrom(receipt.provider().toBytes()))
                    .setModel(ByteString.copyFrom(receipt.model().toBytes()))
                    .setFirstCommitment(ByteString.copyFrom(receipt.firstCommitment().toBytes()))
                    .setLastCommitment(ByteString.copyFrom(receipt.lastCommitment().toBytes()))
                    .setPromptTokens(receipt.promptTokens())
                    .setResumedTokens(receipt.resumedTokens())
                    .setCompletionTokens(receipt.completionTokens())
                    .setPrice(receipt.price())
                    .setEnd(
                        switch (receipt.end()) {
                          case STOP_TOKEN -> EvidenceProto.AnswerEnd.STOP_TOKEN;
                          case LENGTH -> EvidenceProto.AnswerEnd.LENGTH;
                          case CLIENT_STOP -> EvidenceProto.AnswerEnd.CLIENT_STOP;
                        })
                    .setStartedAt(receipt.startedAt().toEpochMilli())
                    .setFinishedAt(receipt.finishedAt().toEpochMilli()))
            .setProviderSignature(ByteString.copyFrom(signed.providerSignature().toBytes()));
    signed
        .clientSignature()
        .ifPresent(
            signature -> message.setClientSignature(ByteString.copyFrom(signature.toBytes())));
    return message.build().toByteArray();
  }

  /**
   * Reads a receipt; its signatures are checked by {@code ReceiptVerifier}.
   *
   * @throws ProtocolViolationException when it is malformed or of another version
   */
  public SignedReceipt decode(byte[] bytes) throws ProtocolViolationException {
    if (bytes.length > MAX_SIZE) {
      throw new ProtocolViolationException("a receipt of " + bytes.length + " bytes");
    }
    try {
      EvidenceProto.SignedReceipt message = EvidenceProto.SignedReceipt.parseFrom(bytes);
      return new SignedReceipt(
          decode(message.getReceipt()),
          Secp256k1.Signature.fromBytes(message.getProviderSignature().toByteArray()),
          message.getClientSignature().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  Secp256k1.Signature.fromBytes(message.getClientSignature().toByteArray())));
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not a receipt: " + e.getMessage(), e);
    }
  }

  private static Receipt decode(EvidenceProto.Receipt message) throws ProtocolViolationException {
    if (message.getVersion() != VERSION) {
      throw new ProtocolViolationException(
          "a receipt of version " + Integer.toUnsignedString(message.getVersion()));
    }
    return new Receipt(
        JobId.fromBytes(message.getJobId().toByteArray()),
        message.getAttempt(),
        PeerId.fromBytes(message.getClient().toByteArray()),
        PeerId.fromBytes(message.getProvider().toByteArray()),
        Cid.fromBytes(message.getModel().toByteArray()),
        Hash.fromBytes(message.getFirstCommitment().toByteArray()),
        Hash.fromBytes(message.getLastCommitment().toByteArray()),
        message.getPromptTokens(),
        message.getResumedTokens(),
        message.getCompletionTokens(),
        message.getPrice(),
        switch (message.getEnd()) {
          case STOP_TOKEN -> AnswerEnd.STOP_TOKEN;
          case LENGTH -> AnswerEnd.LENGTH;
          case CLIENT_STOP -> AnswerEnd.CLIENT_STOP;
          case ANSWER_END_UNSPECIFIED, UNRECOGNIZED ->
              throw new ProtocolViolationException("a receipt with an unknown end");
        },
        Instant.ofEpochMilli(message.getStartedAt()),
        Instant.ofEpochMilli(message.getFinishedAt()));
  }
}
