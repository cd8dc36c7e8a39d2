package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CoalescingBufferQueue;
import io.netty.handler.codec.UnsupportedMessageTypeException;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * The transport phase of Noise on a channel. What is written waits until the flush, which puts it
 * into messages as long as allowed; what arrives is decrypted where it lies and passed on message
 * by message. Whatever breaks the protocol is fired as {@link ProtocolViolationException}, once,
 * and closes the channel; nothing is delivered after that.
 *
 * <p>Implementation notes. Outbound bytes are encrypted from where they lie if that is one direct
 * buffer; several are first copied together. Inbound a message that lies within one read is not
 * copied at all: it is delivered as a slice of the buffer that the channel read, and a reader that
 * keeps a few bytes for long should copy them, or it keeps the buffer. One that spans reads is put
 * together in a buffer of its own.
 */
public final class NoiseTransportHandler extends ChannelDuplexHandler {

  private static final int LENGTH_BYTES = 2;
  private static final byte[] NO_ASSOCIATED_DATA = {};

  private final CipherState sending;
  private final CipherState receiving;
  private final NoiseConfig config;

  /** What was written and not flushed; made when the channel is known. */
  private @Nullable CoalescingBufferQueue queue;

  /** The first byte of a length whose second is still to come; -1 when there is none. */
  private int lengthHighByte = -1;

  /** A message of which the end is still to come; its capacity is the whole. */
  private @Nullable ByteBuf partial;

  /** Whether anything was delivered since the last read completed. */
  private boolean delivered;

  /** After a failure or the end of the channel. */
  private boolean ended;

  NoiseTransportHandler(CipherState sending, CipherState receiving, NoiseConfig config) {
    this.sending = sending;
    this.receiving = receiving;
    this.config = config;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    // What waits in it counts for the channel's writability.
    queue = new CoalescingBufferQueue(ctx.channel(), 16, true);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    end(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end(ctx);
    ctx.fireChannelInactive();
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (!(message instanceof ByteBuf data)) {
      ReferenceCountUtil.release(message);
      promise.setFailure(new UnsupportedMessageTypeException(message, ByteBuf.class));
    } else if (ended || queue == null) {
      data.release();
      promise.setFailure(new ClosedChannelException());
    } else {
      queue.add(data, promise);
    }
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    while (queue != null && !queue.isEmpty()) {
      ChannelPromise promise = ctx.newPromise();
      ByteBuf plaintext = queue.remove(ctx.alloc(), config.maxPlaintextBytes(), promise);
      try {
        ctx.write(encrypt(ctx.alloc(), plaintext), promise);
      } catch (RuntimeException e) {
        promise.setFailure(e);
        fail(ctx, e);
        return;
      } finally {
        plaintext.release();
      }
    }
    ctx.flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      while (in.isReadable() && !ended) {
        ByteBuf ciphertext = nextMessage(ctx.alloc(), in);
        if (ciphertext != null) {
          deliver(ctx, ciphertext);
        }
      }
    } catch (ProtocolViolationException | RuntimeException e) {
      fail(ctx, e);
    } finally {
      in.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    boolean readMore = !delivered && !ctx.channel().config().isAutoRead();
    delivered = false;
    ctx.fireChannelReadComplete();
    if (readMore) {
      // Who asked for one read waits for a message, and there was only a part of one.
      ctx.read();
    }
  }

  /** One message with its length, or nothing if there is nothing to say. */
  private ByteBuf encrypt(ByteBufAllocator alloc, ByteBuf plaintext) {
    int length = plaintext.readableBytes();
    if (length == 0) {
      return Unpooled.EMPTY_BUFFER;
    }
    int sealedLength = length + Aead.TAG_BYTES;
    ByteBuf frame = alloc.directBuffer(LENGTH_BYTES + sealedLength);
    try {
      frame.writeShort(sealedLength);
      ByteBuffer in;
      if (plaintext.isDirect() && plaintext.nioBufferCount() == 1) {
        in = plaintext.nioBuffer();
      } else {
        frame.writeBytes(plaintext);
        in = frame.nioBuffer(LENGTH_BYTES, length);
      }
      sending.encrypt(NO_ASSOCIATED_DATA, in, frame.nioBuffer(LENGTH_BYTES, sealedLength));
      return frame.writerIndex(LENGTH_BYTES + sealedLength);
    } catch (RuntimeException e) {
      frame.release();
      throw e;
    }
  }

  /**
   * Takes bytes of {@code in}; a whole message, owned by the caller, or null if it is not there.
   */
  private @Nullable ByteBuf nextMessage(ByteBufAllocator alloc, ByteBuf in)
      throws ProtocolViolationException {
    if (partial == null) {
      if (lengthHighByte < 0 && in.readableBytes() < LENGTH_BYTES) {
        lengthHighByte = in.readUnsignedByte();
        return null;
      }
      int length =
          lengthHighByte < 0
              ? in.readUnsignedShort()
              : (lengthHighByte << 8) | in.readUnsignedByte();
      lengthHighByte = -1;
      if (length < Aead.TAG_BYTES) {
        throw new ProtocolViolationException(
            "Noise message of %d bytes, shorter than its tag".formatted(length));
      }
      if (in.readableBytes() >= length && in.nioBufferCount() == 1 && !in.isReadOnly()) {
        return in.readRetainedSlice(length);
      }
      partial = alloc.directBuffer(length, length);
    }
    partial.writeBytes(in, Math.min(partial.writableBytes(), in.readableBytes()));
    if (partial.isWritable()) {
      return null;
    }
    ByteBuf whole = partial;
    partial = null;
    return whole;
  }

  private void deliver(ChannelHandlerContext ctx, ByteBuf message)
      throws ProtocolViolationException {
    int start = message.readerIndex();
    int length = message.readableBytes();
    try {
      receiving.decrypt(
          NO_ASSOCIATED_DATA, message.nioBuffer(start, length), message.nioBuffer(start, length));
    } catch (ProtocolViolationException | RuntimeException e) {
      message.release();
      throw e;
    }
    if (length == Aead.TAG_BYTES) {
      message.release();
      return;
    }
    delivered = true;
    ctx.fireChannelRead(message.writerIndex(start + length - Aead.TAG_BYTES));
  }

  private void fail(ChannelHandlerContext ctx, Exception reason) {
    if (!ended) {
      end(ctx);
      ctx.fireExceptionCaught(reason);
      ctx.close();
    }
  }

  private void end(ChannelHandlerContext ctx) {
    ended = true;
    if (partial != null) {
      partial.release();
      partial = null;
    }
    if (queue != null && !queue.isEmpty()) {
      queue.releaseAndFailAll(ctx, new ClosedChannelException());
    }
  }
}
