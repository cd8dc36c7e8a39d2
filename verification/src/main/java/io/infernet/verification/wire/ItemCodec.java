package io.infernet.verification.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.proto.batch.BatchProto;
import io.infernet.proto.evidence.EvidenceProto;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.receipt.AnswerEnd;
import java.util.List;

/** Items, their results and tests as protobuf. Stateless and safe from any thread. */
public final class ItemCodec {

  private final BatchLimits limits;

  public ItemCodec(BatchLimits limits) {
    this.limits = limits;
  }

  /** An item as bytes, for a store. */
  public byte[] encode(ShardItem item) {
    return message(item).toByteArray();
  }

  /** A result as bytes, for a store. */
  public byte[] encode(ItemResult result) {
    return message(result).toByteArray();
  }

  /**
   * Reads an item.
   *
   * @throws ProtocolViolationException when it is malformed or over the limits
   */
  public ShardItem decodeItem(byte[] bytes) throws ProtocolViolationException {
    try {
      return item(BatchProto.Item.parseFrom(bytes));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new ProtocolViolationException("not an item: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a result.
   *
   * @throws ProtocolViolationException when it is malformed or over the limits
   */
  public ItemResult decodeResult(byte[] bytes) throws ProtocolViolationException {
    try {
      return result(BatchProto.ItemResult.parseFrom(bytes));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new ProtocolViolationException("not a result: " + e.getMessage(), e);
    }
  }

  /** An upper bound of the bytes that an item takes. */
  public static int sizeOf(ShardItem item) {
    return 32 + 5 * item.ids().size();
  }

  /** An upper bound of the bytes that a result takes. */
  public static int sizeOf(ItemResult result) {
    if (result instanceof ItemResult.Generated generated) {
      return 32 + 5 * generated.ids().size();
    } else if (result instanceof ItemResult.Embedded embedded) {
      return 32 + Float.BYTES * embedded.size();
    } else if (result instanceof ItemResult.Classified classified) {
      return 32 + Float.BYTES * classified.size();
    }
    return 32 + 3 * ItemResult.Failed.MAX_REASON;
  }

  /** For messages that contain items. */
  public BatchProto.Item message(ShardItem item) {
    BatchProto.Item.Builder message = BatchProto.Item.newBuilder().setSeed(item.seed());
    for (int i = 0; i < item.ids().size(); i++) {
      message.addIds(item.ids().get(i));
    }
    return message.build();
  }

  /** For messages that contain results. */
  public BatchProto.ItemResult message(ItemResult result) {
    BatchProto.ItemResult.Builder message = BatchProto.ItemResult.newBuilder();
    if (result instanceof ItemResult.Generated generated) {
      BatchProto.Generated.Builder text =
          BatchProto.Generated.newBuilder()
              .setEnd(
                  switch (generated.end()) {
                    case STOP_TOKEN -> EvidenceProto.AnswerEnd.STOP_TOKEN;
                    case LENGTH -> EvidenceProto.AnswerEnd.LENGTH;
                    case CLIENT_STOP -> EvidenceProto.AnswerEnd.CLIENT_STOP;
                  });
      for (int i = 0; i < generated.ids().size(); i++) {
        text.addIds(generated.ids().get(i));
      }
      message.setGenerated(text);
    } else if (result instanceof ItemResult.Embedded embedded) {
      BatchProto.Embedded.Builder vector = BatchProto.Embedded.newBuilder();
      for (int i = 0; i < embedded.size(); i++) {
        vector.addVector(embedded.get(i));
      }
      message.setEmbedded(vector);
    } else if (result instanceof ItemResult.Classified classified) {
      BatchProto.Classified.Builder scores =
          BatchProto.Classified.newBuilder().setLabel(classified.label());
      for (int i = 0; i < classified.size(); i++) {
        scores.addScores(classified.score(i));
      }
      message.setClassified(scores);
    } else if (result instanceof ItemResult.Failed failed) {
      message.setFailed(failed.reason());
    }
    return message.build();
  }

  /** For messages that contain tests. */
  public BatchProto.TestItem message(TestItem test) {
    return BatchProto.TestItem.newBuilder()
        .setPosition(test.position())
        .setItem(message(test.item()))
        .setAnswer(message(test.answer()))
        .build();
  }

  /**
   * Reads an item within a message.
   *
   * @throws ProtocolViolationException when it is over the limits
   * @throws IllegalArgumentException when it is malformed
   */
  public ShardItem item(BatchProto.Item message) throws ProtocolViolationException {
    if (message.getIdsCount() > limits.evidence().maxPromptTokens()) {
      throw new ProtocolViolationException(
          "an item of " + message.getIdsCount() + " tokens is over the limit");
    }
    return new ShardItem(TokenIds.of(message.getIdsList()), message.getSeed());
  }

  /**
   * Reads a result within a message.
   *
   * @throws ProtocolViolationException when it is over the limits or of an unknown kind
   * @throws IllegalArgumentException when it is malformed
   */
  public ItemResult result(BatchProto.ItemResult message) throws ProtocolViolationException {
    return switch (message.getResultCase()) {
      case GENERATED -> generated(message.getGenerated());
      case EMBEDDED -> new ItemResult.Embedded(numbers(message.getEmbedded().getVectorList()));
      case CLASSIFIED ->
          new ItemResult.Classified(
              message.getClassified().getLabel(), numbers(message.getClassified().getScoresList()));
      case FAILED -> new ItemResult.Failed(message.getFailed());
      case RESULT_NOT_SET -> throw new ProtocolViolationException("a result of an unknown kind");
    };
  }

  private ItemResult generated(BatchProto.Generated message) throws ProtocolViolationException {
    if (message.getIdsCount() > limits.evidence().maxAnswerTokens()) {
      throw new ProtocolViolationException(
          "an answer of " + message.getIdsCount() + " tokens is over the limit");
    }
    return new ItemResult.Generated(
        TokenIds.of(message.getIdsList()),
        switch (message.getEnd()) {
          case STOP_TOKEN -> AnswerEnd.STOP_TOKEN;
          case LENGTH -> AnswerEnd.LENGTH;
          case CLIENT_STOP -> AnswerEnd.CLIENT_STOP;
          case ANSWER_END_UNSPECIFIED, UNRECOGNIZED ->
              throw new ProtocolViolationException("an answer with an unknown end");
        });
  }

  private float[] numbers(List<Float> values) throws ProtocolViolationException {
    if (values.size() > limits.maxNumbers()) {
      throw new ProtocolViolationException(values.size() + " numbers are over the limit");
    }
    float[] numbers = new float[values.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = values.get(i);
    }
    return numbers;
  }

  /**
   * Reads a test within a message.
   *
   * @throws ProtocolViolationException when it is over the limits or of an unknown kind
   * @throws IllegalArgumentException when it is malformed
   */
  public TestItem test(BatchProto.TestItem message) throws ProtocolViolationException {
    return new TestItem(
        message.getPosition(), item(message.getItem()), result(message.getAnswer()));
  }
}
