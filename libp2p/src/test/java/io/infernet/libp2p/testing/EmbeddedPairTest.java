package io.infernet.libp2p.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.EmbeddedPair.Splitter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmbeddedPairTest {

  private final Recorder left = new Recorder();
  private final Recorder right = new Recorder();

  @Test
  void deliversInBothDirectionsByteByByte() {
    try (EmbeddedPair pair = EmbeddedPair.of(left, right, Splitter.byteByByte())) {
      write(pair.left(), "abc");
      write(pair.right(), "de");
      assertEquals(5, pair.bytesUnderWay());
      pair.pump();
      assertEquals(List.of("a", "b", "c"), right.reads);
      assertEquals(List.of("d", "e"), left.reads);
      assertEquals(0, pair.bytesUnderWay());
    }
  }

  @Test
  void sameSeedCutsTheSameWay() {
    assertEquals(cuts(7), cuts(7));
  }

  @Test
  void holdsBytesAndEndWhileAutoReadIsOff() {
    try (EmbeddedPair pair = EmbeddedPair.of(left, right, Splitter.whole())) {
      pair.right().config().setAutoRead(false);
      write(pair.left(), "abc");
      pair.left().close();
      pair.pump();
      assertEquals(List.of(), right.reads);
      assertTrue(pair.right().isOpen());
      pair.right().config().setAutoRead(true);
      pair.pump();
      assertEquals(List.of("abc", "end"), right.reads);
      assertFalse(pair.right().isOpen());
    }
  }

  @Test
  void endComesAfterTheLastByte() {
    try (EmbeddedPair pair = EmbeddedPair.of(left, right, Splitter.byteByByte())) {
      write(pair.right(), "xyz");
      pair.right().close();
      pair.pump();
      assertEquals(List.of("x", "y", "z", "end"), left.reads);
    }
  }

  @Test
  void throwsWhatNoHandlerCaught() {
    EmbeddedChannel failing =
        new EmbeddedChannel(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext ctx, Object message) {
                ((ByteBuf) message).release();
                throw new IllegalStateException("boom");
              }
            });
    try (EmbeddedPair pair = new EmbeddedPair(new EmbeddedChannel(), failing, Splitter.whole())) {
      write(pair.left(), "a");
      assertThrows(IllegalStateException.class, pair::pump);
    }
  }

  private static List<Integer> cuts(long seed) {
    Recorder recorder = new Recorder();
    try (EmbeddedPair pair = EmbeddedPair.of(new Recorder(), recorder, Splitter.seeded(seed))) {
      byte[] sent = new byte[10_000];
      pair.left().writeOneOutbound(Unpooled.wrappedBuffer(sent));
      pair.left().flushOutbound();
      pair.pump();
      assertArrayEquals(
          sent, String.join("", recorder.reads).getBytes(StandardCharsets.ISO_8859_1));
    }
    return recorder.reads.stream().map(String::length).toList();
  }

  private static void write(EmbeddedChannel channel, String text) {
    channel.writeOneOutbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    channel.flushOutbound();
  }

  private static final class Recorder extends ChannelInboundHandlerAdapter {
    final List<String> reads = new ArrayList<>();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf data = (ByteBuf) message;
      reads.add(new String(ByteBufUtil.getBytes(data), StandardCharsets.ISO_8859_1));
      data.release();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      reads.add("end");
    }
  }
}
