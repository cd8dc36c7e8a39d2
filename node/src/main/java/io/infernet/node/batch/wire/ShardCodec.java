package io.infernet.node.batch.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.node.job.wire.JobLimits;
import io.infernet.node.job.wire.RefusalCodec;
import io.infernet.proto.batch.BatchProto;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.Reveal;
import io.infernet.verification.batch.ShardCommitment;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.Statement;
import io.infernet.verification.batch.TestItem;
import io.infernet.verification.batch.Verdict;
import io.infernet.verification.wire.BatchLimits;
import io.infernet.verification.wire.BatchRecordCodec;
import io.infernet.verification.wire.ItemCodec;
import io.infernet.verification.wire.StatementCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ToIntFunction;

/**
 * {@link ShardMessage}s as protobuf. Reading checks form and limits; signatures and what messages
 * say are checked by the stream's handlers. Stateless and safe from any thread.
 */
public final class ShardCodec implements MessageCodec<ShardMessage> {

  /** Bytes of a message around its entries. */
  private static final int HEADER = 4096;

  private final BatchLimits limits;
  private final StatementCodec statements;
  private final ItemCodec items;
  private final RefusalCodec refusals = new RefusalCodec(JobLimits.defaults().maxDetailLength());

  public ShardCodec(BatchLimits limits) {
    this.limits = limits;
    this.statements = new StatementCodec(limits);
    this.items = new ItemCodec(limits);
  }

  @Override
  public int maxMessageSize() {
    long statement = 0;
    for (Statement.Kind kind : Statement.Kind.values()) {
      statement = Math.max(statement, limits.maxSignedSize(kind));
    }
    long outcome =
        (long) limits.maxReplicas()
            * (limits.maxSignedSize(Statement.Kind.REVEAL)
                + limits.maxSignedSize(Statement.Kind.VERDICT));
    return Math.toIntExact(HEADER + Math.max(limits.maxEntrySize(), Math.max(statement, outcome)));
  }

  /** How many items of a list, from one on, fit into one message: at least one. */
  public int fittingItems(List<ShardItem> list, int from) {
    return fitting(list, from, ItemCodec::sizeOf);
  }

  /** How many results of a list, from one on, fit into one message: at least one. */
  public int fittingResults(List<ItemResult> list, int from) {
    return fitting(list, from, ItemCodec::sizeOf);
  }

  /** How many tests of a list, from one on, fit into one message: at least one. */
  public int fittingTests(List<TestItem> list, int from) {
    return fitting(
        list, from, test -> ItemCodec.sizeOf(test.item()) + ItemCodec.sizeOf(test.answer()) + 32);
  }

  private <T> int fitting(List<T> list, int from, ToIntFunction<T> size) {
    int room = maxMessageSize() - HEADER;
    int count = 0;
    while (count < limits.maxPieceItems() && from + count < list.size()) {
      room -= size.applyAsInt(list.get(from + count));
      if (room < 0 && count > 0) {
        break;
      }
      count++;
    }
    return count;
  }

  @Override
  public ByteBuffer encode(ShardMessage message) {
    BatchProto.ShardFrame.Builder frame = BatchProto.ShardFrame.newBuilder();
    // Sealed, so one of these applies; Java 17 has no switch over types.
    if (message instanceof ShardMessage.Items piece) {
      BatchProto.Items.Builder builder = BatchProto.Items.newBuilder().setOffset(piece.offset());
      piece.items().forEach(item -> builder.addItems(items.message(item)));
      frame.setItems(builder);
    } else if (message instanceof ShardMessage.Results piece) {
      BatchProto.Results.Builder builder =
          BatchProto.Results.newBuilder()
              .setShard(StatementCodec.message(piece.shard()))
              .setAttempt(piece.attempt())
              .setOffset(piece.offset());
      piece.results().forEach(result -> builder.addResults(items.message(result)));
      frame.setResults(builder);
    } else if (message instanceof ShardMessage.Tests piece) {
      BatchProto.Tests.Builder builder =
          BatchProto.Tests.newBuilder()
              .setShard(StatementCodec.message(piece.shard()))
              .setOffset(piece.offset());
      piece.tests().forEach(test -> builder.addTests(items.message(test)));
      frame.setTests(builder);
    } else if (message instanceof ShardMessage.Open open) {
      frame.setOpen(
          BatchProto.Open.newBuilder()
              .setTerms(bytes(open.terms()))
              .setMerged(open.mergedItems())
              .setShards(open.usedShards()));
    } else if (message instanceof ShardMessage.Accepted accepted) {
      frame.setAccepted(BatchProto.Accepted.newBuilder().setReceived(accepted.receivedItems()));
    } else if (message instanceof ShardMessage.Refused refused) {
      frame.setRefusal(refusals.encode(refused.refusal()));
    } else if (message instanceof ShardMessage.ItemsEnd end) {
      frame.setItemsEnd(BatchProto.ItemsEnd.newBuilder().setTotal(end.total()));
    } else if (message instanceof ShardMessage.Progress progress) {
      frame.setProgress(
          BatchProto.Progress.newBuilder()
              .setState(BatchRecordCodec.message(progress.state()))
              .setItemsReceived(progress.itemsReceived())
              .setItemsDone(progress.itemsDone())
              .setShardsCut(progress.shardsCut())
              .setShardsSettled(progress.shardsSettled())
              .setShardsFailed(progress.shardsFailed())
              .setTokens(progress.tokens())
              .setWorkers(progress.workers()));
    } else if (message instanceof ShardMessage.Outcome outcome) {
      frame.setOutcome(encode(outcome));
    } else if (message instanceof ShardMessage.Finished finished) {
      frame.setFinished(
          BatchProto.Finished.newBuilder()
              .setState(BatchRecordCodec.message(finished.state()))
              .setReason(finished.reason()));
    } else if (message instanceof ShardMessage.Receipted receipted) {
      frame.setReceipt(bytes(receipted.receipt()));
    } else if (message instanceof ShardMessage.Cancelled cancelled) {
      frame.setCancel(bytes(cancelled.cancel()));
    } else if (message instanceof ShardMessage.BidMade made) {
      frame.setBid(bytes(made.bid()));
    } else if (message instanceof ShardMessage.Assigned assigned) {
      frame.setAssign(bytes(assigned.assignment()));
    } else if (message instanceof ShardMessage.Committed committed) {
      frame.setCommitment(bytes(committed.commitment()));
    } else if (message instanceof ShardMessage.RevealRequest request) {
      BatchProto.RevealRequest.Builder builder =
          BatchProto.RevealRequest.newBuilder().setShard(StatementCodec.message(request.shard()));
      request.commitments().forEach(commitment -> builder.addCommitments(bytes(commitment)));
      frame.setRevealRequest(builder);
    } else if (message instanceof ShardMessage.Revealed revealed) {
      frame.setReveal(bytes(revealed.reveal()));
    } else if (message instanceof ShardMessage.Judged judged) {
      frame.setVerdict(bytes(judged.verdict()));
    }
    return ByteBuffer.wrap(frame.build().toByteArray());
  }

  private static BatchProto.ShardOutcome encode(ShardMessage.Outcome outcome) {
    BatchProto.ShardOutcome.Builder builder =
        BatchProto.ShardOutcome.newBuilder()
            .setShard(StatementCodec.message(outcome.shard()))
            .setFirstItem(outcome.firstItem())
            .setItems(outcome.items())
            .setTests(outcome.tests())
            .setReason(outcome.reason());
    outcome.reveals().forEach(reveal -> builder.addReveals(bytes(reveal)));
    outcome.verdicts().forEach(verdict -> builder.addVerdicts(bytes(verdict)));
    outcome.winner().ifPresent(builder::setWinner);
    return builder.build();
  }

  private static ByteString bytes(Signed<?> signed) {
    return ByteString.copyFrom(signed.envelope().toBytes());
  }

  @Override
  public ShardMessage decode(ByteBuffer bytes) throws ProtocolViolationException {
    try {
      BatchProto.ShardFrame frame = BatchProto.ShardFrame.parseFrom(bytes);
      return switch (frame.getMessageCase()) {
        case OPEN ->
            new ShardMessage.Open(
                statements.decodeTerms(frame.getOpen().getTerms().toByteArray()),
                frame.getOpen().getMerged(),
                frame.getOpen().getShards());
        case ACCEPTED -> new ShardMessage.Accepted(frame.getAccepted().getReceived());
        case REFUSAL -> new ShardMessage.Refused(refusals.decode(frame.getRefusal()));
        case ITEMS -> items(frame.getItems());
        case ITEMS_END -> new ShardMessage.ItemsEnd(frame.getItemsEnd().getTotal());
        case PROGRESS -> progress(frame.getProgress());
        case OUTCOME -> outcome(frame.getOutcome());
        case TESTS -> tests(frame.getTests());
        case RESULTS -> results(frame.getResults());
        case FINISHED ->
            new ShardMessage.Finished(
                BatchRecordCodec.state(frame.getFinished().getState()),
                frame.getFinished().getReason());
        case RECEIPT ->
            new ShardMessage.Receipted(statements.decodeReceipt(frame.getReceipt().toByteArray()));
        case CANCEL ->
            new ShardMessage.Cancelled(statements.decodeCancel(frame.getCancel().toByteArray()));
        case BID -> new ShardMessage.BidMade(statements.decodeBid(frame.getBid().toByteArray()));
        case ASSIGN ->
            new ShardMessage.Assigned(statements.decodeAssignment(frame.getAssign().toByteArray()));
        case COMMITMENT ->
            new ShardMessage.Committed(
                statements.decodeCommitment(frame.getCommitment().toByteArray()));
        case REVEAL_REQUEST -> revealRequest(frame.getRevealRequest());
        case REVEAL ->
            new ShardMessage.Revealed(statements.decodeReveal(frame.getReveal().toByteArray()));
        case VERDICT ->
            new ShardMessage.Judged(statements.decodeVerdict(frame.getVerdict().toByteArray()));
        case MESSAGE_NOT_SET ->
            throw new ProtocolViolationException("a shard message of an unknown kind");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not a shard message: " + e.getMessage(), e);
    }
  }

  private ShardMessage items(BatchProto.Items message) throws ProtocolViolationException {
    requireWithin(message.getItemsCount(), limits.maxPieceItems(), "items in one message");
    List<ShardItem> list = new ArrayList<>(message.getItemsCount());
    for (BatchProto.Item item : message.getItemsList()) {
      list.add(items.item(item));
    }
    return new ShardMessage.Items(message.getOffset(), list);
  }

  private ShardMessage tests(BatchProto.Tests message) throws ProtocolViolationException {
    requireWithin(message.getTestsCount(), limits.maxPieceItems(), "tests in one message");
    List<TestItem> list = new ArrayList<>(message.getTestsCount());
    for (BatchProto.TestItem test : message.getTestsList()) {
      list.add(items.test(test));
    }
    return new ShardMessage.Tests(
        StatementCodec.shard(message.getShard()), message.getOffset(), list);
  }

  private ShardMessage results(BatchProto.Results message) throws ProtocolViolationException {
    requireWithin(message.getResultsCount(), limits.maxPieceItems(), "results in one message");
    List<ItemResult> list = new ArrayList<>(message.getResultsCount());
    for (BatchProto.ItemResult result : message.getResultsList()) {
      list.add(items.result(result));
    }
    return new ShardMessage.Results(
        StatementCodec.shard(message.getShard()), message.getAttempt(), message.getOffset(), list);
  }

  private static ShardMessage progress(BatchProto.Progress message)
      throws ProtocolViolationException {
    return new ShardMessage.Progress(
        BatchRecordCodec.state(message.getState()),
        message.getItemsReceived(),
        message.getItemsDone(),
        message.getShardsCut(),
        message.getShardsSettled(),
        message.getShardsFailed(),
        message.getTokens(),
        message.getWorkers());
  }

  private ShardMessage outcome(BatchProto.ShardOutcome message) throws ProtocolViolationException {
    requireWithin(message.getRevealsCount(), limits.maxReplicas(), "reveals of a shard");
    requireWithin(message.getVerdictsCount(), limits.maxReplicas(), "verdicts on a shard");
    requireWithin(
        message.getItems() + (long) message.getTests(), limits.maxShardItems(), "items of a shard");
    List<Signed<Reveal>> reveals = new ArrayList<>();
    for (ByteString reveal : message.getRevealsList()) {
      reveals.add(statements.decodeReveal(reveal.toByteArray()));
    }
    List<Signed<Verdict>> verdicts = new ArrayList<>();
    for (ByteString verdict : message.getVerdictsList()) {
      verdicts.add(statements.decodeVerdict(verdict.toByteArray()));
    }
    return new ShardMessage.Outcome(
        StatementCodec.shard(message.getShard()),
        message.getFirstItem(),
        message.getItems(),
        message.getTests(),
        reveals,
        verdicts,
        message.hasWinner() ? OptionalInt.of(message.getWinner()) : OptionalInt.empty(),
        message.getReason());
  }

  private ShardMessage revealRequest(BatchProto.RevealRequest message)
      throws ProtocolViolationException {
    requireWithin(message.getCommitmentsCount(), limits.maxReplicas(), "commitments to a shard");
    List<Signed<ShardCommitment>> commitments = new ArrayList<>();
    for (ByteString commitment : message.getCommitmentsList()) {
      commitments.add(statements.decodeCommitment(commitment.toByteArray()));
    }
    return new ShardMessage.RevealRequest(StatementCodec.shard(message.getShard()), commitments);
  }

  private static void requireWithin(long count, int limit, String what)
      throws ProtocolViolationException {
    if (count < 0 || count > limit) {
      throw new ProtocolViolationException(count + " " + what + ", at most " + limit);
    }
  }
}
