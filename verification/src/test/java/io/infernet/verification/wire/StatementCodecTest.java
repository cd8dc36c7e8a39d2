package io.infernet.verification.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.libp2p.testing.Property;
import io.infernet.verification.Samples;
import io.infernet.verification.batch.BatchSamples;
import io.infernet.verification.batch.BatchTerms;
import io.infernet.verification.batch.ItemResult;
import io.infernet.verification.batch.ShardItem;
import io.infernet.verification.batch.Signed;
import io.infernet.verification.batch.Statement;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.receipt.AnswerEnd;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StatementCodecTest {

  static final StatementCodec CODEC = new StatementCodec(BatchLimits.defaults());
  private static final ItemCodec ITEMS = new ItemCodec(BatchLimits.defaults());

  static Signed<? extends Statement> decode(Statement.Kind kind, byte[] bytes)
      throws ProtocolViolationException {
    return switch (kind) {
      case TERMS -> CODEC.decodeTerms(bytes);
      case BID -> CODEC.decodeBid(bytes);
      case ASSIGNMENT -> CODEC.decodeAssignment(bytes);
      case COMMITMENT -> CODEC.decodeCommitment(bytes);
      case REVEAL -> CODEC.decodeReveal(bytes);
      case VERDICT -> CODEC.decodeVerdict(bytes);
      case RECEIPT -> CODEC.decodeReceipt(bytes);
      case CANCEL -> CODEC.decodeCancel(bytes);
    };
  }

  static Signed<Statement> sign(Statement statement) {
    PrivateKey key =
        statement.author().equals(Samples.client()) ? Samples.CLIENT : Samples.PROVIDER;
    return CODEC.sign(statement, key);
  }

  @Test
  void readsTheStatementsThatItWrites() {
    Property.forAll(
        30,
        random -> {
          for (Statement statement : BatchSamples.statements(random)) {
            Signed<Statement> signed = sign(statement);
            Signed<?> read = decode(statement.kind(), signed.envelope().toBytes());
            assertEquals(signed, read);
            assertEquals(signed.digest(), read.digest());
            assertTrue(read.isGenuine());
          }
        });
  }

  @Test
  void takesNoSignatureOfAnotherPeerOrForAnotherPurpose() {
    for (Statement statement : BatchSamples.statements(new SplittableRandom(1))) {
      PrivateKey other =
          statement.author().equals(Samples.client()) ? Samples.PROVIDER : Samples.CLIENT;
      assertFalse(CODEC.sign(statement, other).isGenuine());
      SignedEnvelope right = sign(statement).envelope();
      PrivateKey key =
          statement.author().equals(Samples.client()) ? Samples.CLIENT : Samples.PROVIDER;
      for (Statement.Kind kind : Statement.Kind.values()) {
        SignedEnvelope envelope =
            SignedEnvelope.sign(key, kind.domain(), kind.payloadType(), right.payload());
        assertEquals(
            kind == statement.kind(), new Signed<>(statement, envelope).isGenuine(), "as " + kind);
      }
    }
  }

  @Test
  void takesNoStatementForAnother() {
    Property.forAll(
        100,
        random -> {
          for (Statement statement : BatchSamples.statements(random)) {
            byte[] bytes = Property.mutate(random, sign(statement).envelope().toBytes());
            try {
              Signed<?> read = decode(statement.kind(), bytes);
              assertTrue(read.statement().equals(statement) || !read.isGenuine());
            } catch (ProtocolViolationException e) {
              // The one way to say no.
            }
          }
        });
  }

  @Test
  void refusesStatementsOverItsLimits() {
    StatementCodec strict =
        new StatementCodec(new BatchLimits(new EvidenceLimits(10, 10, 1), 1, 10, 1, 10, 10));
    SplittableRandom random = new SplittableRandom(2);
    byte[] assignment = sign(BatchSamples.assignment(random)).envelope().toBytes();
    byte[] terms = sign(BatchSamples.terms(random)).envelope().toBytes();

    assertThrows(ProtocolViolationException.class, () -> strict.decodeAssignment(assignment));
    assertThrows(ProtocolViolationException.class, () -> strict.decodeTerms(terms));
    assertThrows(ProtocolViolationException.class, () -> strict.decodeReveal(new byte[100_000]));
  }

  @Test
  void readsTheItemsAndResultsThatItWrites() {
    Property.forAll(
        200,
        random -> {
          ShardItem item = BatchSamples.item(random);
          ItemResult result = BatchSamples.result(random);
          assertEquals(item, ITEMS.decodeItem(ITEMS.encode(item)));
          assertEquals(result, ITEMS.decodeResult(ITEMS.encode(result)));
          assertTrue(ITEMS.encode(item).length <= ItemCodec.sizeOf(item));
          assertTrue(ITEMS.encode(result).length <= ItemCodec.sizeOf(result));
        });
  }

  @Test
  void refusesItemsAndResultsOverItsLimits() {
    ItemCodec strict = new ItemCodec(new BatchLimits(new EvidenceLimits(2, 2, 1), 1, 10, 1, 2, 10));
    byte[] item = ITEMS.encode(new ShardItem(TokenIds.of(1, 2, 3), 0));
    assertThrows(ProtocolViolationException.class, () -> strict.decodeItem(item));
    for (ItemResult result :
        new ItemResult[] {
          new ItemResult.Generated(TokenIds.of(1, 2, 3), AnswerEnd.LENGTH),
          new ItemResult.Embedded(new float[3]),
          new ItemResult.Classified(0, new float[3])
        }) {
      assertThrows(
          ProtocolViolationException.class, () -> strict.decodeResult(ITEMS.encode(result)));
    }
  }

  @Test
  void resultsAreValues() {
    float[] numbers = {1, 2};
    ItemResult.Embedded embedded = new ItemResult.Embedded(numbers);
    numbers[0] = 3;
    embedded.vector()[1] = 4;

    assertArrayEquals(new float[] {1, 2}, embedded.vector());
    assertEquals(embedded, new ItemResult.Embedded(new float[] {1, 2}));
    assertNotEquals(
        new ItemResult.Classified(0, new float[] {1, 1}),
        new ItemResult.Classified(1, new float[] {1, 1}));
    assertThrows(
        IllegalArgumentException.class, () -> new ItemResult.Embedded(new float[] {Float.NaN}));
    assertThrows(
        IllegalArgumentException.class, () -> new ItemResult.Classified(2, new float[] {1, 1}));
    assertThrows(IllegalArgumentException.class, () -> new ItemResult.Failed("two\nlines"));
  }

  @Test
  void derivesSeedsThatOnlyTheBatchSeedTells() {
    BatchTerms terms = BatchSamples.terms(new SplittableRandom(0));
    for (int i = 1; terms.task() != TaskType.GENERATE; i++) {
      terms = BatchSamples.terms(new SplittableRandom(i));
    }
    assertEquals(terms.seedOf(7), terms.seedOf(7));
    assertNotEquals(terms.seedOf(7), terms.seedOf(8));
    assertEquals(0, terms.workerSampling().seed());
    assertEquals(terms.sampling().temperature(), terms.workerSampling().temperature());
  }
}
