package io.infernet.libp2p.security.noise;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * An embedded channel with Noise in it and behind that a reader that records all it hears. Its
 * allocator counts: {@link #assertNoBuffersLeft} says whether every buffer was released.
 */
final class NoisePipeline {

  final List<NoiseResult> results = new ArrayList<>();
  final List<Throwable> reasons = new ArrayList<>();
  final List<Integer> reads = new ArrayList<>();
  final ByteArrayOutputStream received = new ByteArrayOutputStream();
  final EmbeddedChannel channel;
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

  NoisePipeline(ChannelHandler noise) {
    channel = new EmbeddedChannel();
    channel.config().setAllocator(allocator);
    channel.pipeline().addLast(noise, new Recorder());
  }

  void write(byte[] plaintext) {
    channel
        .writeAndFlush(allocator.directBuffer(plaintext.length).writeBytes(plaintext))
        .syncUninterruptibly();
  }

  /** Reads {@code wire} as the socket would. */
  void read(byte[] wire) {
    channel.pipeline().fireChannelRead(allocator.directBuffer().writeBytes(wire));
    channel.pipeline().fireChannelReadComplete();
    channel.runPendingTasks();
  }

  /** All that was flushed since the last call. */
  byte[] written() {
    channel.runPendingTasks();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (ByteBuf next; (next = channel.readOutbound()) != null; ) {
      byte[] bytes = new byte[next.readableBytes()];
      next.readBytes(bytes).release();
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  /** The one reason for which the channel was closed. */
  Throwable reason() {
    assertEquals(1, reasons.size(), reasons::toString);
    channel.runPendingTasks();
    assertEquals(false, channel.isOpen());
    return reasons.get(0);
  }

  /** Closes the channel first. */
  void assertNoBuffersLeft() {
    channel.finishAndReleaseAll();
    assertEquals(0, allocator.metric().usedDirectMemory());
    assertEquals(0, allocator.metric().usedHeapMemory());
  }

  private final class Recorder extends ChannelInboundHandlerAdapter {

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      results.add((NoiseResult) event);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
      ByteBuf data = (ByteBuf) message;
      reads.add(data.readableBytes());
      data.readBytes(received, data.readableBytes());
      data.release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      reasons.add(cause);
    }
  }
}
