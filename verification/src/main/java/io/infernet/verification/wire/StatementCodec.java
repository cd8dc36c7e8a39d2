package io.infernet.verification.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.proto.batch.BatchProto;
import io.infernet.verification.batch.Assignment;
import io.infernet.verification.batch.BatchTerms;
import io.infernet.verification.batch.Bid;
import io.infernet.verification.batch.Cancel;
import io.infernet.verification.batch.ReplicaVerdict;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardCommitment;
import io.infernet.verification.batch.ShardId;
import io.infernet.verification.batch.ShardReceipt;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.Statement;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.batch.Verdict;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * {@link Statement}s about batches in signed envelopes. Stateless and safe from any thread.
 *
 * <p>Reading checks form and limits; {@link Signed#isGenuine} checks the signature, and whoever
 * uses a statement checks what it says.
 */
public final class StatementCodec {

  private static final int VERSION = 1;

  private final BatchLimits limits;

  public StatementCodec(BatchLimits limits) {
    this.limits = limits;
  }

  /**
   * Signs with the author's key.
   *
   * @throws IllegalArgumentException when it is over the limits: nobody would read it
   */
  public <S extends Statement> Signed<S> sign(S statement, PrivateKey key) {
    byte[] payload = encode(statement);
    if (payload.length > limits.maxStatementSize(statement.kind())) {
      throw new IllegalArgumentException(
          "a " + statement.kind() + " of " + payload.length + " bytes is over the limit");
    }
    return new Signed<>(
        statement,
        SignedEnvelope.sign(
            key, statement.kind().domain(), statement.kind().payloadType(), payload));
  }

  /** The signed terms of a batch. */
  public Signed<BatchTerms> decodeTerms(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.TERMS, BatchTerms.class, bytes);
  }

  /** A signed bid. */
  public Signed<Bid> decodeBid(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.BID, Bid.class, bytes);
  }

  /** A signed assignment. */
  public Signed<Assignment> decodeAssignment(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.ASSIGNMENT, Assignment.class, bytes);
  }

  /** A signed commitment. */
  public Signed<ShardCommitment> decodeCommitment(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.COMMITMENT, ShardCommitment.class, bytes);
  }

  /** A signed reveal. */
  public Signed<Reveal> decodeReveal(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.REVEAL, Reveal.class, bytes);
  }

  /** A signed verdict. */
  public Signed<Verdict> decodeVerdict(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.VERDICT, Verdict.class, bytes);
  }

  /** A signed receipt. */
  public Signed<ShardReceipt> decodeReceipt(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.RECEIPT, ShardReceipt.class, bytes);
  }

  /** A signed cancellation. */
  public Signed<Cancel> decodeCancel(byte[] bytes) throws ProtocolViolationException {
    return decode(Statement.Kind.CANCEL, Cancel.class, bytes);
  }

  private <S extends Statement> Signed<S> decode(Statement.Kind kind, Class<S> type, byte[] bytes)
      throws ProtocolViolationException {
    SignedEnvelope envelope = SignedEnvelope.fromBytes(bytes, limits.maxStatementSize(kind));
    try {
      return new Signed<>(type.cast(decode(kind, envelope.payload())), envelope);
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not a " + kind + ": " + e.getMessage(), e);
    }
  }

  private Statement decode(Statement.Kind kind, byte[] payload)
      throws ProtocolViolationException, InvalidProtocolBufferException {
    return switch (kind) {
      case TERMS -> terms(BatchProto.BatchTerms.parseFrom(payload));
      case BID -> bid(BatchProto.Bid.parseFrom(payload));
      case ASSIGNMENT -> assignment(BatchProto.Assignment.parseFrom(payload));
      case COMMITMENT -> commitment(BatchProto.ShardCommitment.parseFrom(payload));
      case REVEAL -> reveal(BatchProto.Reveal.parseFrom(payload));
      case VERDICT -> verdict(BatchProto.Verdict.parseFrom(payload));
      case RECEIPT -> receipt(BatchProto.ShardReceipt.parseFrom(payload));
      case CANCEL -> cancel(BatchProto.Cancel.parseFrom(payload));
    };
  }

  private static byte[] encode(Statement statement) {
    // Sealed, so one of these applies; Java 17 has no switch over types.
    if (statement instanceof BatchTerms terms) {
      return encode(terms);
    } else if (statement instanceof Bid bid) {
      return encode(bid);
    } else if (statement instanceof Assignment assignment) {
      return encode(assignment);
    } else if (statement instanceof ShardCommitment commitment) {
      return BatchProto.ShardCommitment.newBuilder()
          .setVersion(VERSION)
          .setShard(message(commitment.shard()))
          .setAttempt(commitment.attempt())
          .setWorker(bytes(commitment.worker()))
          .setAssignment(bytes(commitment.assignment()))
          .setInput(bytes(commitment.input()))
          .setCommitment(bytes(commitment.commitment()))
          .build()
          .toByteArray();
    } else if (statement instanceof Reveal reveal) {
      return encode(reveal);
    } else if (statement instanceof Verdict verdict) {
      BatchProto.Verdict.Builder message =
          BatchProto.Verdict.newBuilder()
              .setVersion(VERSION)
              .setShard(message(verdict.shard()))
              .setAttempt(verdict.attempt())
              .setWorker(bytes(verdict.worker()))
              .setJudge(bytes(verdict.judge()))
              .setOutcome(message(verdict.outcome()))
              .setInput(bytes(verdict.input()));
      verdict.result().ifPresent(result -> message.setResult(bytes(result)));
      return message.build().toByteArray();
    } else if (statement instanceof ShardReceipt receipt) {
      return encode(receipt);
    } else if (statement instanceof Cancel cancel) {
      return BatchProto.Cancel.newBuilder()
          .setVersion(VERSION)
          .setJobId(bytes(cancel.job()))
          .setAuthor(bytes(cancel.author()))
          .setReason(cancel.reason())
          .build()
          .toByteArray();
    }
    throw new IllegalStateException("no encoding for a " + statement.kind());
  }

  private static byte[] encode(BatchTerms terms) {
    BatchProto.BatchTerms.Builder message =
        BatchProto.BatchTerms.newBuilder()
            .setVersion(VERSION)
            .setJobId(bytes(terms.job()))
            .setAttempt(terms.attempt())
            .setClient(bytes(terms.client()))
            .setAggregator(bytes(terms.aggregator()))
            .setModel(bytes(terms.model()))
            .setTask(message(terms.task()))
            .setSampling(SamplingCodec.encode(terms.sampling()))
            .setMaxTokens(terms.maxTokens())
            .addAllStopIds(terms.stopIds())
            .setRedundancy(terms.redundancy())
            .setTestsPerThousand(terms.testsPerThousand())
            .setDeadline(terms.deadline().toEpochMilli())
            .setMaxPrice(terms.maxPrice())
            .setFee(terms.fee())
            .setNonce(terms.nonce());
    terms.tolerance().ifPresent(message::setTolerance);
    return message.build().toByteArray();
  }

  private BatchTerms terms(BatchProto.BatchTerms message) throws ProtocolViolationException {
    requireVersion(message.getVersion(), "terms");
    return new BatchTerms(
        JobId.fromBytes(message.getJobId().toByteArray()),
        message.getAttempt(),
        peer(message.getClient()),
        peer(message.getAggregator()),
        Cid.fromBytes(message.getModel().toByteArray()),
        task(message.getTask()),
        SamplingCodec.decode(message.getSampling()),
        answerTokens(message.getMaxTokens()),
        stopIds(message.getStopIdsList()),
        message.getRedundancy(),
        message.getTestsPerThousand(),
        message.hasTolerance() ? OptionalDouble.of(message.getTolerance()) : OptionalDouble.empty(),
        Instant.ofEpochMilli(message.getDeadline()),
        message.getMaxPrice(),
        message.getFee(),
        message.getNonce());
  }

  private static byte[] encode(Bid bid) {
    return BatchProto.Bid.newBuilder()
        .setVersion(VERSION)
        .setJobId(bytes(bid.job()))
        .setRequester(bytes(bid.requester()))
        .setWorker(bytes(bid.worker()))
        .setModel(bytes(bid.model()))
        .setBasePrice(bid.basePrice())
        .setPricePerThousandTokens(bid.pricePerThousandTokens())
        .setStartsAt(bid.startsAt().toEpochMilli())
        .setTokensPerSecond(bid.tokensPerSecond())
        .setMaxTokens(bid.maxTokens())
        .setSlots(bid.slots())
        .setOperator(bid.operator())
        .setHardwareClass(bid.hardwareClass())
        .setValidUntil(bid.validUntil().toEpochMilli())
        .build()
        .toByteArray();
  }

  private static Bid bid(BatchProto.Bid message) throws ProtocolViolationException {
    requireVersion(message.getVersion(), "a bid");
    return new Bid(
        JobId.fromBytes(message.getJobId().toByteArray()),
        peer(message.getRequester()),
        peer(message.getWorker()),
        Cid.fromBytes(message.getModel().toByteArray()),
        message.getBasePrice(),
        message.getPricePerThousandTokens(),
        Instant.ofEpochMilli(message.getStartsAt()),
        message.getTokensPerSecond(),
        message.getMaxTokens(),
        message.getSlots(),
        message.getOperator(),
        message.getHardwareClass(),
        Instant.ofEpochMilli(message.getValidUntil()));
  }

  private static byte[] encode(Assignment assignment) {
    return BatchProto.Assignment.newBuilder()
        .setVersion(VERSION)
        .setShard(message(assignment.shard()))
        .setAttempt(assignment.attempt())
        .setReplicas(assignment.replicas())
        .setAggregator(bytes(assignment.aggregator()))
        .setWorker(bytes(assignment.worker()))
        .setTerms(bytes(assignment.terms()))
        .setModel(bytes(assignment.model()))
        .setTask(message(assignment.task()))
        .setSampling(SamplingCodec.encode(assignment.sampling()))
        .setMaxTokens(assignment.maxTokens())
        .addAllStopIds(assignment.stopIds())
        .setItems(assignment.items())
        .setInputTokens(assignment.inputTokens())
        .setInput(bytes(assignment.input()))
        .setMaxPrice(assignment.maxPrice())
        .setCommitBy(assignment.commitBy().toEpochMilli())
        .setRevealBy(assignment.revealBy().toEpochMilli())
        .setNonce(assignment.nonce())
        .build()
        .toByteArray();
  }

  private Assignment assignment(BatchProto.Assignment message) throws ProtocolViolationException {
    requireVersion(message.getVersion(), "an assignment");
    requireWithin(message.getAttempt(), limits.maxReplicas() - 1, "attempt");
    requireWithin(message.getReplicas(), limits.maxReplicas(), "replicas");
    requireWithin(message.getItems(), limits.maxShardItems(), "items");
    requireWithin(message.getInputTokens(), limits.maxShardTokens(), "tokens");
    return new Assignment(
        shard(message.getShard()),
        message.getAttempt(),
        message.getReplicas(),
        peer(message.getAggregator()),
        peer(message.getWorker()),
        hash(message.getTerms()),
        Cid.fromBytes(message.getModel().toByteArray()),
        task(message.getTask()),
        SamplingCodec.decode(message.getSampling()),
        answerTokens(message.getMaxTokens()),
        stopIds(message.getStopIdsList()),
        message.getItems(),
        message.getInputTokens(),
        hash(message.getInput()),
        message.getMaxPrice(),
        Instant.ofEpochMilli(message.getCommitBy()),
        Instant.ofEpochMilli(message.getRevealBy()),
        message.getNonce());
  }

  private ShardCommitment commitment(BatchProto.ShardCommitment message)
      throws ProtocolViolationException {
    requireVersion(message.getVersion(), "a commitment");
    requireWithin(message.getAttempt(), limits.maxReplicas() - 1, "attempt");
    return new ShardCommitment(
        shard(message.getShard()),
        message.getAttempt(),
        peer(message.getWorker()),
        hash(message.getAssignment()),
        hash(message.getInput()),
        hash(message.getCommitment()));
  }

  private static byte[] encode(Reveal reveal) {
    return BatchProto.Reveal.newBuilder()
        .setVersion(VERSION)
        .setShard(message(reveal.shard()))
        .setAttempt(reveal.attempt())
        .setWorker(bytes(reveal.worker()))
        .setAssignment(bytes(reveal.assignment()))
        .setTerms(bytes(reveal.terms()))
        .setInput(bytes(reveal.input()))
        .setResult(bytes(reveal.result()))
        .setSalt(bytes(reveal.salt()))
        .setItems(reveal.items())
        .setInputTokens(reveal.inputTokens())
        .setOutputTokens(reveal.outputTokens())
        .setPrice(reveal.price())
        .setStartedAt(reveal.startedAt().toEpochMilli())
        .setFinishedAt(reveal.finishedAt().toEpochMilli())
        .build()
        .toByteArray();
  }

  private Reveal reveal(BatchProto.Reveal message) throws ProtocolViolationException {
    requireVersion(message.getVersion(), "a reveal");
    requireWithin(message.getAttempt(), limits.maxReplicas() - 1, "attempt");
    requireWithin(message.getItems(), limits.maxShardItems(), "items");
    return new Reveal(
        shard(message.getShard()),
        message.getAttempt(),
        peer(message.getWorker()),
        hash(message.getAssignment()),
        hash(message.getTerms()),
        hash(message.getInput()),
        hash(message.getResult()),
        hash(message.getSalt()),
        message.getItems(),
        message.getInputTokens(),
        message.getOutputTokens(),
        message.getPrice(),
        Instant.ofEpochMilli(message.getStartedAt()),
        Instant.ofEpochMilli(message.getFinishedAt()));
  }

  private Verdict verdict(BatchProto.Verdict message) throws ProtocolViolationException {
    requireVersion(message.getVersion(), "a verdict");
    requireWithin(message.getAttempt(), limits.maxReplicas() - 1, "attempt");
    return new Verdict(
        shard(message.getShard()),
        message.getAttempt(),
        peer(message.getWorker()),
        peer(message.getJudge()),
        outcome(message.getOutcome())
            .orElseThrow(() -> new ProtocolViolationException("a verdict with an unknown outcome")),
        hash(message.getInput()),
        message.getResult().isEmpty() ? Optional.empty() : Optional.of(hash(message.getResult())));
  }

  private static byte[] encode(ShardReceipt receipt) {
    return BatchProto.ShardReceipt.newBuilder()
        .setVersion(VERSION)
        .setShard(message(receipt.shard()))
        .setAttempt(receipt.attempt())
        .setClient(bytes(receipt.client()))
        .setWorker(bytes(receipt.worker()))
        .setTerms(bytes(receipt.terms()))
        .setInput(bytes(receipt.input()))
        .setResult(bytes(receipt.result()))
        .setInputTokens(receipt.inputTokens())
        .setOutputTokens(receipt.outputTokens())
        .setPrice(receipt.price())
        .setAcceptedAt(receipt.acceptedAt().toEpochMilli())
        .build()
        .toByteArray();
  }

  private ShardReceipt receipt(BatchProto.ShardReceipt message) throws ProtocolViolationException {
    requireVersion(message.getVersion(), "a receipt");
    requireWithin(message.getAttempt(), limits.maxReplicas() - 1, "attempt");
    return new ShardReceipt(
        shard(message.getShard()),
        message.getAttempt(),
        peer(message.getClient()),
        peer(message.getWorker()),
        hash(message.getTerms()),
        hash(message.getInput()),
        hash(message.getResult()),
        message.getInputTokens(),
        message.getOutputTokens(),
        message.getPrice(),
        Instant.ofEpochMilli(message.getAcceptedAt()));
  }

  private static Cancel cancel(BatchProto.Cancel message) throws ProtocolViolationException {
    requireVersion(message.getVersion(), "a cancellation");
    return new Cancel(
        JobId.fromBytes(message.getJobId().toByteArray()),
        peer(message.getAuthor()),
        message.getReason());
  }

  /** For messages that name a shard. */
  public static BatchProto.ShardId message(ShardId shard) {
    return BatchProto.ShardId.newBuilder()
        .setJob(bytes(shard.job()))
        .setNumber(shard.number())
        .build();
  }

  /**
   * Reads the name of a shard within a message.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static ShardId shard(BatchProto.ShardId message) {
    return new ShardId(JobId.fromBytes(message.getJob().toByteArray()), message.getNumber());
  }

  static BatchProto.Outcome message(ReplicaVerdict verdict) {
    return switch (verdict) {
      case AGREED -> BatchProto.Outcome.AGREED;
      case OUTVOTED -> BatchProto.Outcome.OUTVOTED;
      case SILENT -> BatchProto.Outcome.SILENT;
      case NO_REVEAL -> BatchProto.Outcome.NO_REVEAL;
      case FALSE_REVEAL -> BatchProto.Outcome.FALSE_REVEAL;
      case FAILED_TEST_ITEM -> BatchProto.Outcome.FAILED_TEST_ITEM;
    };
  }

  static Optional<ReplicaVerdict> outcome(BatchProto.Outcome message) {
    return switch (message) {
      case AGREED -> Optional.of(ReplicaVerdict.AGREED);
      case OUTVOTED -> Optional.of(ReplicaVerdict.OUTVOTED);
      case SILENT -> Optional.of(ReplicaVerdict.SILENT);
      case NO_REVEAL -> Optional.of(ReplicaVerdict.NO_REVEAL);
      case FALSE_REVEAL -> Optional.of(ReplicaVerdict.FALSE_REVEAL);
      case FAILED_TEST_ITEM -> Optional.of(ReplicaVerdict.FAILED_TEST_ITEM);
      case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }

  private static BatchProto.Task message(TaskType task) {
    return switch (task) {
      case GENERATE -> BatchProto.Task.GENERATE;
      case EMBED -> BatchProto.Task.EMBED;
      case CLASSIFY -> BatchProto.Task.CLASSIFY;
    };
  }

  private static TaskType task(BatchProto.Task message) throws ProtocolViolationException {
    return switch (message) {
      case GENERATE -> TaskType.GENERATE;
      case EMBED -> TaskType.EMBED;
      case CLASSIFY -> TaskType.CLASSIFY;
      case TASK_UNSPECIFIED, UNRECOGNIZED ->
          throw new ProtocolViolationException("an unknown task");
    };
  }

  private static void requireVersion(int version, String what) throws ProtocolViolationException {
    if (version != VERSION) {
      throw new ProtocolViolationException(
          what + " of version " + Integer.toUnsignedString(version));
    }
  }

  private static void requireWithin(int value, int limit, String what)
      throws ProtocolViolationException {
    if (value < 0 || value > limit) {
      throw new ProtocolViolationException(
          what + ": " + Integer.toUnsignedString(value) + " is over " + limit);
    }
  }

  private int answerTokens(int maxTokens) throws ProtocolViolationException {
    requireWithin(maxTokens, limits.evidence().maxAnswerTokens(), "tokens of an answer");
    return maxTokens;
  }

  private List<Integer> stopIds(List<Integer> ids) throws ProtocolViolationException {
    requireWithin(ids.size(), limits.evidence().maxStopIds(), "stop tokens");
    return Arrays.stream(TokenIds.of(ids).toArray()).boxed().toList();
  }

  private static PeerId peer(ByteString bytes) throws ProtocolViolationException {
    return PeerId.fromBytes(bytes.toByteArray());
  }

  private static Hash hash(ByteString bytes) {
    return Hash.fromBytes(bytes.toByteArray());
  }

  private static ByteString bytes(PeerId peer) {
    return ByteString.copyFrom(peer.toBytes());
  }

  private static ByteString bytes(Cid cid) {
    return ByteString.copyFrom(cid.toBytes());
  }

  private static ByteString bytes(Hash hash) {
    return ByteString.copyFrom(hash.toBytes());
  }

  private static ByteString bytes(JobId job) {
    return ByteString.copyFrom(job.toBytes());
  }
}
