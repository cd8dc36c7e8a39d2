package io.infernet.libp2p.muxer.yamux;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/**
 * The frame header (§Framing): version 8 bits, type 8, flags 16, stream id 32, length 32, all big
 * endian. An instance is the header last read from a connection; the bytes of a header may come in
 * any fragments. Not thread-safe.
 */
final class YamuxFrame {

  static final int HEADER_LENGTH = 12;

  static final int DATA = 0;
  static final int WINDOW_UPDATE = 1;
  static final int PING = 2;
  static final int GO_AWAY = 3;

  static final int SYN = 1;
  static final int ACK = 2;
  static final int FIN = 4;
  static final int RST = 8;

  private static final int ALL_FLAGS = SYN | ACK | FIN | RST;

  /** GoAway codes, §Session termination. */
  static final int NORMAL_TERMINATION = 0;

  static final int PROTOCOL_ERROR = 1;
  static final int INTERNAL_ERROR = 2;

  private final ByteBuf partial = Unpooled.buffer(HEADER_LENGTH, HEADER_LENGTH);
  private int type;
  private int flags;
  private int streamId;
  private long length;

  /** A header ready to be sent. */
  static ByteBuf header(ByteBufAllocator alloc, int type, int flags, int streamId, int lengthBits) {
    return alloc
        .buffer(HEADER_LENGTH, HEADER_LENGTH)
        .writeShort(type)
        .writeShort(flags)
        .writeInt(streamId)
        .writeInt(lengthBits);
  }

  /**
   * Reads the next header, or as much of it as {@code in} has.
   *
   * @return whether the header is complete
   * @throws ProtocolViolationException when version, type, flags and stream id don't go together
   */
  boolean read(ByteBuf in) throws ProtocolViolationException {
    if (partial.isReadable() || in.readableBytes() < HEADER_LENGTH) {
      partial.writeBytes(in, Math.min(partial.writableBytes(), in.readableBytes()));
      if (partial.isWritable()) {
        return false;
      }
      parse(partial);
      partial.clear();
    } else {
      parse(in);
    }
    return true;
  }

  private void parse(ByteBuf in) throws ProtocolViolationException {
    int version = in.readUnsignedByte();
    type = in.readUnsignedByte();
    flags = in.readUnsignedShort();
    streamId = in.readInt();
    length = in.readUnsignedInt();
    if (version != 0) {
      throw new ProtocolViolationException("yamux version " + version);
    }
    boolean valid =
        switch (type) {
          case DATA, WINDOW_UPDATE ->
              streamId != 0 && (flags & ~ALL_FLAGS) == 0 && !(has(SYN) && has(ACK));
          case PING -> streamId == 0 && (flags == SYN || flags == ACK);
          case GO_AWAY -> streamId == 0 && flags == 0;
          default -> false;
        };
    if (!valid) {
      throw new ProtocolViolationException("yamux frame that makes no sense: " + this);
    }
  }

  int type() {
    return type;
  }

  int flags() {
    return flags;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** The bits of the unsigned stream id. */
  int streamId() {
    return streamId;
  }

  /** Unsigned: payload bytes, window delta, ping value or GoAway code. */
  long length() {
    return length;
  }

  @Override
  public String toString() {
    return "type %d, flags %#x, stream %s, length %d"
        .formatted(type, flags, Integer.toUnsignedString(streamId), length);
  }
}
