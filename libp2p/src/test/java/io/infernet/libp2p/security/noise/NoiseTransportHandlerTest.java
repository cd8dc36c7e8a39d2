package io.infernet.libp2p.security.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.EmbeddedPair;
import io.infernet.libp2p.testing.EmbeddedPair.Splitter;
import io.infernet.libp2p.testing.Property;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.UnsupportedMessageTypeException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoiseTransportHandlerTest {

  private static final byte[] KEY = HexFormat.of().parseHex("c0de".repeat(16));
  private static final byte[] OTHER_KEY = HexFormat.of().parseHex("f00d".repeat(16));
  private static final NoiseConfig CONFIG = NoiseConfig.defaults();

  private final NoisePipeline sender = pipeline(TestHandshakes.AEADS, CONFIG, KEY, OTHER_KEY);
  private final NoisePipeline receiver = pipeline(TestHandshakes.AEADS, CONFIG, OTHER_KEY, KEY);

  static List<AeadFactory> aeads() {
    return TestAeads.all();
  }

  @ParameterizedTest
  @MethodSource("aeads")
  void carriesWhateverIsWrittenHoweverItIsCut(AeadFactory aeads) {
    Property.forAll(
        60,
        random -> {
          NoiseConfig config =
              new NoiseConfig(8192, random.nextBoolean() ? 65519 : random.nextInt(1, 2000));
          NoisePipeline left = pipeline(aeads, config, KEY, OTHER_KEY);
          NoisePipeline right = pipeline(aeads, config, OTHER_KEY, KEY);
          EmbeddedPair pair =
              new EmbeddedPair(left.channel, right.channel, Splitter.seeded(random.nextLong()));
          ByteArrayOutputStream toRight = new ByteArrayOutputStream();
          ByteArrayOutputStream toLeft = new ByteArrayOutputStream();
          for (int i = random.nextInt(20); i >= 0; i--) {
            boolean rightward = random.nextBoolean();
            byte[] data = Property.bytes(random, random.nextInt(10) == 0 ? 200_000 : 3000);
            (rightward ? toRight : toLeft).writeBytes(data);
            ByteBuf buffer =
                switch (random.nextInt(3)) {
                  case 0 -> Unpooled.wrappedBuffer(data);
                  case 1 -> Unpooled.wrappedBuffer(data, new byte[0]).asReadOnly();
                  default -> Unpooled.directBuffer().writeBytes(data);
                };
            NoisePipeline from = rightward ? left : right;
            ChannelFuture written = from.channel.write(buffer);
            if (random.nextBoolean()) {
              from.channel.flush();
              assertTrue(written.isSuccess());
            }
            if (random.nextBoolean()) {
              pair.step();
            }
          }
          left.channel.flush();
          right.channel.flush();
          pair.pump();
          assertArrayEquals(toRight.toByteArray(), right.received.toByteArray());
          assertArrayEquals(toLeft.toByteArray(), left.received.toByteArray());
          left.assertNoBuffersLeft();
          right.assertNoBuffersLeft();
        });
  }

  @Test
  void putsWhatWasWrittenBeforeAFlushIntoOneMessage() {
    for (int i = 0; i < 100; i++) {
      sender.channel.write(Unpooled.wrappedBuffer(new byte[10]));
    }
    assertEquals(0, sender.written().length);
    sender.channel.flush();
    byte[] wire = sender.written();
    assertEquals(2 + 1000 + 16, wire.length);
    receiver.read(wire);
    assertEquals(List.of(1000), receiver.reads);
  }

  @Test
  void fillsMessagesToTheLongestAllowed() {
    sender.write(new byte[65519 + 1]);
    byte[] wire = sender.written();
    assertEquals((byte) 0xff, wire[0]);
    assertEquals((byte) 0xff, wire[1]);
    receiver.read(wire);
    assertEquals(List.of(65519, 1), receiver.reads);
  }

  @Test
  void tellsEachWriterWhenItsBytesLeft() {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int n = i;
      sender
          .channel
          .write(Unpooled.wrappedBuffer(new byte[i * 40_000]))
          .addListener(future -> order.add(future.isSuccess() ? n : -1));
    }
    assertEquals(List.of(), order);
    sender.channel.flush();
    assertEquals(List.of(0, 1, 2, 3, 4), order);
    sender.written();
    sender.assertNoBuffersLeft();
  }

  @Test
  void anEmptyWriteSucceedsAndSendsNothing() {
    ChannelFuture written = sender.channel.writeAndFlush(Unpooled.EMPTY_BUFFER);
    assertTrue(written.isSuccess());
    assertEquals(0, sender.written().length);
  }

  @Test
  void unflushedBytesMakeTheChannelUnwritable() {
    sender.channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(100, 1000));
    sender.channel.write(Unpooled.wrappedBuffer(new byte[2000]));
    assertFalse(sender.channel.isWritable());
    sender.channel.flush();
    assertTrue(sender.channel.isWritable());
  }

  @Test
  void failsWritesThatWereNotFlushedWhenTheChannelCloses() {
    ChannelFuture waiting =
        sender.channel.write(sender.channel.alloc().directBuffer().writeZero(10));
    sender.channel.close();
    assertInstanceOf(ClosedChannelException.class, waiting.cause());
    ChannelFuture late =
        sender.channel.writeAndFlush(sender.channel.alloc().directBuffer().writeZero(10));
    assertInstanceOf(ClosedChannelException.class, late.cause());
    sender.assertNoBuffersLeft();
  }

  @Test
  void takesNothingButBytes() {
    ChannelFuture written = sender.channel.writeAndFlush("text");
    assertInstanceOf(UnsupportedMessageTypeException.class, written.cause());
  }

  @Test
  void acceptsMessagesWithoutPlaintext() throws Exception {
    CipherState cipher = new CipherState(TestHandshakes.AEADS.create(KEY));
    ByteBuffer tag = ByteBuffer.allocate(16);
    cipher.encrypt(new byte[0], ByteBuffer.allocate(0), tag);
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    wire.writeBytes(new byte[] {0, 16});
    wire.writeBytes(tag.array());
    receiver.read(wire.toByteArray());
    assertEquals(List.of(), receiver.reads);
    assertTrue(receiver.channel.isOpen());
    receiver.assertNoBuffersLeft();
  }

  @Test
  void decryptsBuffersThatCannotBeChangedInPlace() {
    sender.write(new byte[100]);
    byte[] wire = sender.written();
    receiver.channel.writeInbound(Unpooled.wrappedBuffer(wire).asReadOnly());
    sender.write(new byte[100]);
    wire = sender.written();
    receiver.channel.writeInbound(
        Unpooled.wrappedBuffer(Arrays.copyOf(wire, 50), Arrays.copyOfRange(wire, 50, wire.length)));
    assertArrayEquals(new byte[200], receiver.received.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15})
  void closesOnAMessageShorterThanItsTag(int length) {
    byte[] wire = new byte[2 + length];
    wire[1] = (byte) length;
    receiver.read(wire);
    assertInstanceOf(ProtocolViolationException.class, receiver.reason());
    assertEquals(
        "Noise message of %d bytes, shorter than its tag".formatted(length),
        receiver.reason().getMessage());
    receiver.assertNoBuffersLeft();
  }

  @Test
  void closesWhenAnyByteIsChangedAndDeliversNothingAfterwards() {
    sender.write(new byte[20]);
    sender.write(new byte[20]);
    byte[] wire = sender.written();
    for (int at = 0; at < wire.length; at++) {
      NoisePipeline victim = pipeline(TestHandshakes.AEADS, CONFIG, OTHER_KEY, KEY);
      byte[] changed = wire.clone();
      changed[at] ^= 1;
      // Two bytes more than one message let a length that shrank by one end on a length.
      victim.read(Arrays.copyOf(changed, changed.length + 300));
      assertEquals(at < wire.length / 2 ? 0 : 20, victim.received.size(), "byte " + at);
      assertInstanceOf(ProtocolViolationException.class, victim.reason(), "byte " + at);
      victim.read(wire);
      assertEquals(1, victim.reasons.size());
      assertTrue(victim.received.size() <= 20);
      victim.assertNoBuffersLeft();
    }
  }

  @Test
  void closesOnAReplayedMessage() {
    sender.write(new byte[20]);
    byte[] wire = sender.written();
    receiver.read(wire);
    receiver.read(wire);
    assertInstanceOf(ProtocolViolationException.class, receiver.reason());
    assertEquals("Noise ciphertext 1 is not authentic", receiver.reason().getMessage());
    assertEquals(20, receiver.received.size());
    receiver.assertNoBuffersLeft();
  }

  @Test
  void closesOnGarbage() {
    Property.forAll(
        200,
        random -> {
          NoisePipeline victim = pipeline(TestHandshakes.AEADS, CONFIG, OTHER_KEY, KEY);
          for (int reads = 0; reads < 200 && victim.channel.isOpen(); reads++) {
            victim.read(Property.bytesOfLength(random, random.nextInt(1, 5000)));
          }
          assertInstanceOf(ProtocolViolationException.class, victim.reason());
          assertEquals(0, victim.received.size());
          victim.assertNoBuffersLeft();
        });
  }

  @Test
  void releasesAMessageThatTheConnectionCutOff() {
    sender.write(new byte[1000]);
    byte[] wire = sender.written();
    for (int length : new int[] {1, 2, 3, 500, wire.length - 1}) {
      NoisePipeline victim = pipeline(TestHandshakes.AEADS, CONFIG, OTHER_KEY, KEY);
      victim.read(Arrays.copyOf(wire, length));
      victim.channel.close();
      assertEquals(0, victim.received.size());
      victim.assertNoBuffersLeft();
    }
  }

  @Test
  void closesWhenTheNoncesAreUsedUp() {
    CipherState last = new CipherState(TestHandshakes.AEADS.create(KEY), -2);
    CipherState receiving = new CipherState(TestHandshakes.AEADS.create(OTHER_KEY));
    NoisePipeline old = new NoisePipeline(new NoiseTransportHandler(last, receiving, CONFIG));
    old.write(new byte[10]);
    ChannelFuture refused =
        old.channel.writeAndFlush(old.channel.alloc().directBuffer().writeZero(10));
    assertInstanceOf(IllegalStateException.class, refused.cause());
    assertInstanceOf(IllegalStateException.class, old.reason());
    assertEquals(2 + 10 + 16, old.written().length);
    old.assertNoBuffersLeft();
  }

  @Test
  void readsOnWhenAReadBroughtOnlyAPartOfAMessage() {
    AtomicInteger asked = new AtomicInteger();
    receiver
        .channel
        .pipeline()
        .addFirst(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void read(ChannelHandlerContext ctx) {
                asked.incrementAndGet();
              }
            });
    receiver.channel.config().setAutoRead(false);
    sender.write(new byte[100]);
    byte[] wire = sender.written();
    receiver.read(Arrays.copyOf(wire, 50));
    assertEquals(1, asked.get());
    receiver.read(Arrays.copyOfRange(wire, 50, wire.length));
    assertEquals(1, asked.get());
    assertEquals(100, receiver.received.size());
    receiver.assertNoBuffersLeft();
  }

  @Test
  void bothDirectionsHaveTheirOwnKey() {
    NoisePipeline mirror = pipeline(TestHandshakes.AEADS, CONFIG, KEY, OTHER_KEY);
    byte[] data = new byte[50];
    new SplittableRandom(1).nextBytes(data);
    sender.write(data);
    mirror.read(sender.written());
    assertInstanceOf(ProtocolViolationException.class, mirror.reason());
  }

  private static NoisePipeline pipeline(
      AeadFactory aeads, NoiseConfig config, byte[] sendingKey, byte[] receivingKey) {
    return new NoisePipeline(
        new NoiseTransportHandler(
            new CipherState(aeads.create(sendingKey)),
            new CipherState(aeads.create(receivingKey)),
            config));
  }
}
