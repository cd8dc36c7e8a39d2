package io.infernet.libp2p.multistream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.testing.EmbeddedPair;
import io.infernet.libp2p.testing.EmbeddedPair.Splitter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MultistreamHandlerTest {

  private static final MultistreamConfig CONFIG = MultistreamConfig.defaults();
  private static final ProtocolId NOISE = ProtocolId.of("/noise");
  private static final ProtocolId TLS = ProtocolId.of("/tls/1.0.0");

  private final Next left = new Next("hello");
  private final Next right = new Next("welcome");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void agreesAndHandsOverWhatFollows(long seed) {
    try (EmbeddedPair pair = pair(List.of(TLS, NOISE), Splitter.seeded(seed))) {
      pair.pump();
      assertEquals(List.of(new NegotiatedProtocol(NOISE)), left.events);
      assertEquals(List.of(new NegotiatedProtocol(NOISE)), right.events);
      assertEquals("welcome", left.read.toString());
      assertEquals("hello", right.read.toString());
      assertNull(pair.left().pipeline().get(MultistreamHandler.class));
      assertNull(pair.right().pipeline().get(MultistreamHandler.class));
    }
  }

  @Test
  void firesTheEventBeforeWhatFollows() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new MultistreamHandler(MultistreamNegotiation.responder(CONFIG, NOISE::equals)), right);
    channel.writeInbound(
        Unpooled.copiedBuffer(
            "\u0013/multistream/1.0.0\n\u0007/noise\nrest", StandardCharsets.ISO_8859_1));
    assertEquals("rest", right.read.toString());
    assertEquals(0, right.readBeforeEvent);
    channel.finishAndReleaseAll();
  }

  @Test
  void closesWithTheReasonWhenTheRemoteSpeaksNoneOfTheProtocols() {
    try (EmbeddedPair pair = pair(List.of(TLS), Splitter.whole())) {
      pair.pump();
      assertInstanceOf(PeerUnavailableException.class, left.only());
      assertEquals("the remote speaks none of [/tls/1.0.0]", left.only().getMessage());
      assertFalse(pair.left().isOpen());
      assertFalse(pair.right().isOpen());
      assertInstanceOf(PeerUnavailableException.class, right.only());
    }
  }

  @Test
  void closesOnGarbageWithOneReason() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new MultistreamHandler(MultistreamNegotiation.responder(CONFIG, NOISE::equals)), right);
    ByteBuf garbage = Unpooled.wrappedBuffer(new byte[5000]);
    channel.writeInbound(garbage);
    assertInstanceOf(ProtocolViolationException.class, right.only());
    assertFalse(channel.isOpen());
    assertEquals(0, garbage.refCnt());
    channel.finishAndReleaseAll();
  }

  @Test
  void saysWhenTheConnectionEndsTooSoon() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new MultistreamHandler(MultistreamNegotiation.initiator(CONFIG, List.of(NOISE))), left);
    channel.close();
    assertInstanceOf(PeerUnavailableException.class, left.only());
    channel.finishAndReleaseAll();
  }

  @Test
  void endsOnErrorsOfTheChannel() {
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new MultistreamHandler(MultistreamNegotiation.initiator(CONFIG, List.of(NOISE))), left);
    IllegalStateException broken = new IllegalStateException("broken");
    channel.pipeline().fireExceptionCaught(broken);
    channel.runPendingTasks();
    assertEquals(broken, left.only());
    assertFalse(channel.isOpen());
    channel.finishAndReleaseAll();
  }

  @Test
  void startsOnceWhenAddedToAnActiveChannel() {
    EmbeddedChannel channel = new EmbeddedChannel();
    channel
        .pipeline()
        .addLast(
            new MultistreamHandler(MultistreamNegotiation.initiator(CONFIG, List.of(NOISE))), left);
    ByteBuf sent = channel.readOutbound();
    assertEquals(28, sent.readableBytes());
    sent.release();
    assertNull(channel.readOutbound());
    channel.finishAndReleaseAll();
  }

  private EmbeddedPair pair(List<ProtocolId> proposals, Splitter splitter) {
    return new EmbeddedPair(
        new EmbeddedChannel(
            new MultistreamHandler(MultistreamNegotiation.initiator(CONFIG, proposals)), left),
        new EmbeddedChannel(
            new MultistreamHandler(MultistreamNegotiation.responder(CONFIG, NOISE::equals)), right),
        splitter);
  }

  /** What speaks after the negotiation: greets, and records all it hears. */
  private static final class Next extends ChannelInboundHandlerAdapter {
    final List<Object> events = new ArrayList<>();
    final List<Throwable> reasons = new ArrayList<>();
    final StringBuilder read = new StringBuilder();
    private final String greeting;
    int readBeforeEvent;

    Next(String greeting) {
      this.greeting = greeting;
    }

    Throwable only() {
      assertEquals(1, reasons.size(), reasons::toString);
      assertTrue(events.isEmpty());
      return reasons.get(0);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      readBeforeEvent = read.length();
      events.add(event);
      ctx.writeAndFlush(Unpooled.copiedBuffer(greeting, StandardCharsets.ISO_8859_1));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf data = (ByteBuf) message;
      read.append(data.toString(StandardCharsets.ISO_8859_1));
      data.release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      reasons.add(cause);
    }
  }
}
