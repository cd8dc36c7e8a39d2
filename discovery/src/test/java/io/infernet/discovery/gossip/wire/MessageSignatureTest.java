package io.infernet.discovery.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.testing.Property;
import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MessageSignatureTest {

  private final MessageVerifier verifier = new MessageVerifier(2);

  @ParameterizedTest
  @EnumSource(KeyType.class)
  void signsWhatItCanVerify(KeyType type) throws Exception {
    PrivateKey key = TestIdentities.privateKey(type, 1);
    MessageSigner signer = new MessageSigner(key, GossipSamples.CLOCK);
    PublishedMessage message = overTheWire(signer.sign("topic", new byte[] {1, 2, 3}));

    assertEquals(Optional.of(PeerId.of(key.publicKey())), verifier.verify(message));
    assertEquals(Optional.of(signer.author()), message.author());
    assertEquals("topic", message.topic());
    assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), message.data());
    boolean inlined = type == KeyType.ED25519 || type == KeyType.SECP256K1;
    assertEquals(inlined, message.key().isEmpty(), "the key goes along where the id lacks it");
    // And again, with the key at hand.
    assertTrue(verifier.verify(message).isPresent());
  }

  @Test
  void verifiesWhatJsSigned() throws Exception {
    for (String author : JsVectors.AUTHORS) {
      PublishedMessage message =
          GossipSamples.CODEC
              .decode(ByteBuffer.wrap(JsVectors.bytes(author + ".rpc")))
              .messages()
              .get(0);
      assertEquals(
          Optional.of(PeerId.parse(JsVectors.text(author + ".author"))),
          verifier.verify(message),
          author);
    }
  }

  @Test
  void numbersMessagesFromTheClockOn() {
    MessageSigner signer = new MessageSigner(TestIdentities.privateKey(1), GossipSamples.CLOCK);
    long start = 1_767_225_600_000_000_000L;
    assertEquals(start + 1, number(signer.sign("t", new byte[0])));
    assertEquals(start + 2, number(signer.sign("t", new byte[0])));
  }

  @Test
  void refusesEveryChange() {
    PublishedMessage message = GossipSamples.signed(1, "topic", "some data");
    byte[] valid = GossipSamples.bytes(GossipSamples.CODEC.encode(GossipRpc.of(message)));
    Property.forAll(
        200,
        random -> {
          byte[] changed = Property.mutate(random, valid);
          GossipRpc rpc;
          try {
            rpc = GossipSamples.CODEC.decode(ByteBuffer.wrap(changed));
          } catch (ProtocolViolationException e) {
            return;
          }
          for (PublishedMessage read : rpc.messages()) {
            assertTrue(read.equals(message) || verifier.verify(read).isEmpty(), "was forged");
          }
        });
  }

  @Test
  void refusesMessagesThatLackAPart() {
    PublishedMessage message = GossipSamples.signed(1, "topic", "data");
    ByteBuffer from = ByteBuffer.wrap(message.from());
    ByteBuffer sequence = ByteBuffer.wrap(message.sequence());
    ByteBuffer signature = ByteBuffer.wrap(message.signature().orElseThrow());

    assertTrue(valid(from, message.data(), sequence, signature, null));
    assertFalse(valid(null, message.data(), sequence, signature, null));
    assertFalse(valid(from, null, sequence, signature, null));
    assertFalse(valid(from, message.data(), null, signature, null));
    assertFalse(valid(from, message.data(), sequence, null, null));
    assertFalse(
        valid(ByteBuffer.wrap(new byte[] {1, 2, 3}), message.data(), sequence, signature, null));
  }

  @Test
  void refusesANumberThatHasNotEightBytes() {
    PrivateKey key = TestIdentities.privateKey(1);
    PublishedMessage unsigned =
        PublishedMessage.of(
            ByteBuffer.wrap(PeerId.of(key.publicKey()).toBytes()),
            ByteBuffer.allocate(0),
            ByteBuffer.allocate(7),
            "topic",
            null,
            null);
    assertTrue(verifier.verify(unsigned.signed(key.sign(unsigned.signedBytes()), null)).isEmpty());
  }

  @Test
  void takesAKeyThatIsNotNeededOnlyWhenItIsTheAuthors() {
    PublishedMessage message = GossipSamples.signed(1, "topic", "data");
    ByteBuffer from = ByteBuffer.wrap(message.from());
    ByteBuffer sequence = ByteBuffer.wrap(message.sequence());
    ByteBuffer signature = ByteBuffer.wrap(message.signature().orElseThrow());
    byte[] own = TestIdentities.publicKey(1).toProtobuf();
    byte[] other = TestIdentities.publicKey(2).toProtobuf();

    for (int round = 0; round < 2; round++) {
      assertTrue(valid(from, message.data(), sequence, signature, own));
      assertFalse(valid(from, message.data(), sequence, signature, other));
      assertFalse(valid(from, message.data(), sequence, signature, new byte[] {1}));
    }
  }

  @Test
  void needsTheKeyOfAnAuthorWhoseIdLacksIt() {
    PrivateKey key = TestIdentities.privateKey(KeyType.ECDSA, 1);
    PublishedMessage message =
        new MessageSigner(key, GossipSamples.CLOCK).sign("topic", new byte[0]);
    ByteBuffer from = ByteBuffer.wrap(message.from());
    ByteBuffer sequence = ByteBuffer.wrap(message.sequence());
    ByteBuffer signature = ByteBuffer.wrap(message.signature().orElseThrow());

    assertFalse(valid(from, message.data(), sequence, signature, null));
    assertTrue(valid(from, message.data(), sequence, signature, key.publicKey().toProtobuf()));
  }

  private boolean valid(
      @Nullable ByteBuffer from,
      @Nullable ByteBuffer data,
      @Nullable ByteBuffer sequence,
      @Nullable ByteBuffer signature,
      byte @Nullable [] key) {
    return verifier
        .verify(
            PublishedMessage.of(
                from,
                data,
                sequence,
                "topic",
                signature,
                key == null ? null : ByteBuffer.wrap(key)))
        .isPresent();
  }

  private static long number(PublishedMessage message) {
    return ByteBuffer.wrap(message.sequence()).getLong();
  }

  private static PublishedMessage overTheWire(PublishedMessage message) throws Exception {
    PublishedMessage read =
        GossipSamples.CODEC
            .decode(GossipSamples.CODEC.encode(GossipRpc.of(message)))
            .messages()
            .get(0);
    assertEquals(message, read);
    return read;
  }
}
