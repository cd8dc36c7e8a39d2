package io.infernet.verification.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.proto.batch.BatchProto;
import io.infernet.verification.batch.BatchRecord;
import io.infernet.verification.batch.BatchState;
import io.infernet.verification.batch.ReplicaRecord;
import io.infernet.verification.batch.ReplicaState;
import io.infernet.verification.batch.ShardRecord;
import io.infernet.verification.batch.ShardState;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.batch.WorkRecord;
import io.infernet.verification.batch.WorkState;
import io.infernet.verification.commitment.Hash;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What nodes keep of batches, as protobuf. Stateless and safe from any thread. A {@link
 * ProtocolViolationException} says that the bytes are damaged or of another version.
 */
public final class BatchRecordCodec {

  private static final int VERSION = 1;

  private final StatementCodec statements;
  private final ItemCodec items;

  public BatchRecordCodec(BatchLimits limits) {
    this.statements = new StatementCodec(limits);
    this.items = new ItemCodec(limits);
  }

  public byte[] encode(BatchRecord batch) {
    BatchProto.StoredBatch.Builder message =
        BatchProto.StoredBatch.newBuilder()
            .setVersion(VERSION)
            .setTerms(bytes(batch.terms()))
            .setState(message(batch.state()))
            .setItemsReceived(batch.itemsReceived())
            .setItemsCut(batch.itemsCut())
            .setItemsMerged(batch.itemsMerged())
            .setShardsCut(batch.shardsCut())
            .setShardsSettled(batch.shardsSettled())
            .setShardsFailed(batch.shardsFailed())
            .setShardsMerged(batch.shardsMerged())
            .setTokens(batch.tokens())
            .setPrice(batch.price())
            .setReason(batch.reason())
            .setCreatedAt(batch.createdAt().toEpochMilli())
            .setChangedAt(batch.changedAt().toEpochMilli());
    batch.itemsTotal().ifPresent(message::setItemsTotal);
    return message.build().toByteArray();
  }

  public BatchRecord decodeBatch(byte[] bytes) throws ProtocolViolationException {
    try {
      BatchProto.StoredBatch message = BatchProto.StoredBatch.parseFrom(bytes);
      requireVersion(message.getVersion());
      return new BatchRecord(
          statements.decodeTerms(message.getTerms().toByteArray()),
          state(message.getState()),
          message.getItemsReceived(),
          message.hasItemsTotal() ? OptionalLong.of(message.getItemsTotal()) : OptionalLong.empty(),
          message.getItemsCut(),
          message.getItemsMerged(),
          message.getShardsCut(),
          message.getShardsSettled(),
          message.getShardsFailed(),
          message.getShardsMerged(),
          message.getTokens(),
          message.getPrice(),
          message.getReason(),
          Instant.ofEpochMilli(message.getCreatedAt()),
          Instant.ofEpochMilli(message.getChangedAt()));
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not a batch: " + e.getMessage(), e);
    }
  }

  public byte[] encode(ShardRecord shard) {
    BatchProto.StoredShard.Builder message =
        BatchProto.StoredShard.newBuilder()
            .setVersion(VERSION)
            .setShard(StatementCodec.message(shard.id()))
            .setFirstItem(shard.firstItem())
            .setItems(shard.items())
            .setInput(ByteString.copyFrom(shard.input().toBytes()))
            .setInputTokens(shard.inputTokens())
            .setState(
                switch (shard.state()) {
                  case OPEN -> BatchProto.ShardState.SHARD_OPEN;
                  case ASSIGNED -> BatchProto.ShardState.SHARD_ASSIGNED;
                  case COMMITTED -> BatchProto.ShardState.SHARD_COMMITTED;
                  case REVEALED -> BatchProto.ShardState.SHARD_REVEALED;
                  case SETTLED -> BatchProto.ShardState.SHARD_SETTLED;
                  case ESCALATED -> BatchProto.ShardState.SHARD_ESCALATED;
                  case FAILED -> BatchProto.ShardState.SHARD_FAILED;
                })
            .setReason(shard.reason());
    shard.tests().forEach(test -> message.addTests(items.message(test)));
    shard.replicas().forEach(replica -> message.addReplicas(message(replica)));
    shard.winner().ifPresent(message::setWinner);
    return message.build().toByteArray();
  }

  private static BatchProto.StoredReplica message(ReplicaRecord replica) {
    BatchProto.StoredReplica.Builder message =
        BatchProto.StoredReplica.newBuilder()
            .setAssignment(bytes(replica.assignment()))
            .setState(
                switch (replica.state()) {
                  case ASSIGNED -> BatchProto.ReplicaState.REPLICA_ASSIGNED;
                  case COMMITTED -> BatchProto.ReplicaState.REPLICA_COMMITTED;
                  case REVEALED -> BatchProto.ReplicaState.REPLICA_REVEALED;
                  case LOST -> BatchProto.ReplicaState.REPLICA_LOST;
                });
    replica.commitment().ifPresent(signed -> message.setCommitment(bytes(signed)));
    replica.reveal().ifPresent(signed -> message.setReveal(bytes(signed)));
    replica.verdict().ifPresent(verdict -> message.setOutcome(StatementCodec.message(verdict)));
    return message.build();
  }

  public ShardRecord decodeShard(byte[] bytes) throws ProtocolViolationException {
    try {
      BatchProto.StoredShard message = BatchProto.StoredShard.parseFrom(bytes);
      requireVersion(message.getVersion());
      List<TestItem> tests = new ArrayList<>();
      for (BatchProto.TestItem test : message.getTestsList()) {
        tests.add(items.test(test));
      }
      List<ReplicaRecord> replicas = new ArrayList<>();
      for (BatchProto.StoredReplica replica : message.getReplicasList()) {
        replicas.add(replica(replica));
      }
      return new ShardRecord(
          StatementCodec.shard(message.getShard()),
          message.getFirstItem(),
          message.getItems(),
          tests,
          Hash.fromBytes(message.getInput().toByteArray()),
          message.getInputTokens(),
          switch (message.getState()) {
            case SHARD_OPEN -> ShardState.OPEN;
            case SHARD_ASSIGNED -> ShardState.ASSIGNED;
            case SHARD_COMMITTED -> ShardState.COMMITTED;
            case SHARD_REVEALED -> ShardState.REVEALED;
            case SHARD_SETTLED -> ShardState.SETTLED;
            case SHARD_ESCALATED -> ShardState.ESCALATED;
            case SHARD_FAILED -> ShardState.FAILED;
            case SHARD_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new ProtocolViolationException("a shard in an unknown state");
          },
          replicas,
          message.hasWinner() ? OptionalInt.of(message.getWinner()) : OptionalInt.empty(),
          message.getReason());
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not a shard: " + e.getMessage(), e);
    }
  }

  private ReplicaRecord replica(BatchProto.StoredReplica message)
      throws ProtocolViolationException {
    return new ReplicaRecord(
        statements.decodeAssignment(message.getAssignment().toByteArray()),
        switch (message.getState()) {
          case REPLICA_ASSIGNED -> ReplicaState.ASSIGNED;
          case REPLICA_COMMITTED -> ReplicaState.COMMITTED;
          case REPLICA_REVEALED -> ReplicaState.REVEALED;
          case REPLICA_LOST -> ReplicaState.LOST;
          case REPLICA_STATE_UNSPECIFIED, UNRECOGNIZED ->
              throw new ProtocolViolationException("a replica in an unknown state");
        },
        optional(message.getCommitment(), statements::decodeCommitment),
        optional(message.getReveal(), statements::decodeReveal),
        StatementCodec.outcome(message.getOutcome()));
  }

  public byte[] encode(WorkRecord work) {
    BatchProto.StoredWork.Builder message =
        BatchProto.StoredWork.newBuilder()
            .setVersion(VERSION)
            .setAssignment(bytes(work.assignment()))
            .setState(
                switch (work.state()) {
                  case ACCEPTED -> BatchProto.WorkState.WORK_ACCEPTED;
                  case COMMITTED -> BatchProto.WorkState.WORK_COMMITTED;
                  case REVEALED -> BatchProto.WorkState.WORK_REVEALED;
                  case JUDGED -> BatchProto.WorkState.WORK_JUDGED;
                  case CANCELLED -> BatchProto.WorkState.WORK_CANCELLED;
                  case FAILED -> BatchProto.WorkState.WORK_FAILED;
                })
            .setReason(work.reason())
            .setChangedAt(work.changedAt().toEpochMilli());
    work.commitment().ifPresent(signed -> message.setCommitment(bytes(signed)));
    work.reveal().ifPresent(signed -> message.setReveal(bytes(signed)));
    work.verdict().ifPresent(signed -> message.setVerdict(bytes(signed)));
    work.receipt().ifPresent(signed -> message.setReceipt(bytes(signed)));
    return message.build().toByteArray();
  }

  public WorkRecord decodeWork(byte[] bytes) throws ProtocolViolationException {
    try {
      BatchProto.StoredWork message = BatchProto.StoredWork.parseFrom(bytes);
      requireVersion(message.getVersion());
      return new WorkRecord(
          statements.decodeAssignment(message.getAssignment().toByteArray()),
          switch (message.getState()) {
            case WORK_ACCEPTED -> WorkState.ACCEPTED;
            case WORK_COMMITTED -> WorkState.COMMITTED;
            case WORK_REVEALED -> WorkState.REVEALED;
            case WORK_JUDGED -> WorkState.JUDGED;
            case WORK_CANCELLED -> WorkState.CANCELLED;
            case WORK_FAILED -> WorkState.FAILED;
            case WORK_STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new ProtocolViolationException("work in an unknown state");
          },
          optional(message.getCommitment(), statements::decodeCommitment),
          optional(message.getReveal(), statements::decodeReveal),
          optional(message.getVerdict(), statements::decodeVerdict),
          optional(message.getReceipt(), statements::decodeReceipt),
          message.getReason(),
          Instant.ofEpochMilli(message.getChangedAt()));
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not work: " + e.getMessage(), e);
    }
  }

  /** For messages that say how far a batch is. */
  public static BatchProto.State message(BatchState state) {
    return switch (state) {
      case ACCEPTED -> BatchProto.State.ACCEPTED;
      case RUNNING -> BatchProto.State.RUNNING;
      case COMPLETED -> BatchProto.State.COMPLETED;
      case PARTIAL -> BatchProto.State.PARTIAL;
      case CANCELLED -> BatchProto.State.CANCELLED;
      case FAILED -> BatchProto.State.FAILED;
    };
  }

  /**
   * Reads how far a batch is within a message.
   *
   * @throws ProtocolViolationException when it says something unknown
   */
  public static BatchState state(BatchProto.State message) throws ProtocolViolationException {
    return switch (message) {
      case ACCEPTED -> BatchState.ACCEPTED;
      case RUNNING -> BatchState.RUNNING;
      case COMPLETED -> BatchState.COMPLETED;
      case PARTIAL -> BatchState.PARTIAL;
      case CANCELLED -> BatchState.CANCELLED;
      case FAILED -> BatchState.FAILED;
      case STATE_UNSPECIFIED, UNRECOGNIZED ->
          throw new ProtocolViolationException("a batch in an unknown state");
    };
  }

  /** Reads a signed statement. */
  @FunctionalInterface
  private interface Decoder<T> {
    T decode(byte[] bytes) throws ProtocolViolationException;
  }

  private static <T> Optional<T> optional(ByteString bytes, Decoder<T> decoder)
      throws ProtocolViolationException {
    return bytes.isEmpty() ? Optional.empty() : Optional.of(decoder.decode(bytes.toByteArray()));
  }

  private static ByteString bytes(Signed<?> signed) {
    return ByteString.copyFrom(signed.envelope().toBytes());
  }

  private static void requireVersion(int version) throws ProtocolViolationException {
    if (version != VERSION) {
      throw new ProtocolViolationException(
          "an entry of version " + Integer.toUnsignedString(version));
    }
  }
}
