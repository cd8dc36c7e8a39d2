package io.infernet.libp2p.muxer.yamux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.BytePipe;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.simulation.VirtualTime;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The other side of one session, in the hands of a test: sends it frames byte by byte and reads
 * what it sends back. It knows the format by itself, not through the code under test.
 */
final class ScriptedRemote implements BytePipe {

  static final int DATA = 0;
  static final int WINDOW_UPDATE = 1;
  static final int PING = 2;
  static final int GO_AWAY = 3;

  static final int SYN = 1;
  static final int ACK = 2;
  static final int FIN = 4;
  static final int RST = 8;

  private static final String[] TYPES = {"data", "window", "ping", "goaway"};
  private static final String[] FLAGS = {"+syn", "+ack", "+fin", "+rst"};

  final VirtualTime time = new VirtualTime();
  final List<MuxedStream> accepted = new ArrayList<>();
  final YamuxSession session;

  private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(false, true);
  private final ByteBuf out = alloc.buffer();
  private boolean writable = true;
  private int flushed;
  private @Nullable Throwable closeCause;

  /**
   * @param initiator whether the session under test is on the side that dialled
   */
  ScriptedRemote(YamuxConfig config, boolean initiator) {
    this(config, new ByteBudget(Long.MAX_VALUE), initiator);
  }

  /**
   * @param budget what this session and others may hold for their readers
   */
  ScriptedRemote(YamuxConfig config, ByteBudget budget, boolean initiator) {
    session = new YamuxSession(config, budget, initiator, this, time, time, accepted::add);
  }

  /** A session with default limits whose first ping was answered at once. */
  static ScriptedRemote started(boolean initiator) {
    return started(YamuxConfig.defaults(), initiator);
  }

  static ScriptedRemote started(YamuxConfig config, boolean initiator) {
    ScriptedRemote remote = new ScriptedRemote(config, initiator);
    remote.session.start();
    assertEquals(List.of("ping+syn 0 1"), remote.sent());
    remote.send(PING, ACK, 0, 1);
    return remote;
  }

  /** A header without payload. */
  void send(int type, int flags, long streamId, long length) {
    receive(header(type, flags, streamId, length));
  }

  /** A data frame with {@code length} zero bytes. */
  void sendData(int flags, long streamId, int length) {
    receive(header(DATA, flags, streamId, length).writeZero(length));
  }

  void sendText(int flags, long streamId, String text) {
    ByteBuf frame = header(DATA, flags, streamId, text.length());
    frame.writeCharSequence(text, US_ASCII);
    receive(frame);
  }

  /** Zero bytes that belong to a frame whose header was sent. */
  void sendRaw(int length) {
    receive(alloc.buffer().writeZero(length));
  }

  void sendHex(String hex) {
    receive(alloc.buffer().writeBytes(HexFormat.of().parseHex(hex.replace(" ", ""))));
  }

  void receive(ByteBuf bytes) {
    session.receive(bytes);
    time.runDue();
  }

  ByteBuf header(int type, int flags, long streamId, long length) {
    return alloc
        .buffer()
        .writeByte(0)
        .writeByte(type)
        .writeShort(flags)
        .writeInt((int) streamId)
        .writeInt((int) length);
  }

  /** What the session sent since the last call, in hexadecimal. */
  String sentHex() {
    time.runDue();
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** The frames sent since the last call: type, flags, stream id and length. */
  List<String> sent() {
    time.runDue();
    List<String> frames = new ArrayList<>();
    while (out.isReadable()) {
      assertEquals(0, out.readByte(), "version");
      int type = out.readByte();
      StringBuilder frame = new StringBuilder(TYPES[type]);
      int flags = out.readUnsignedShort();
      for (int i = 0; i < FLAGS.length; i++) {
        if ((flags & 1 << i) != 0) {
          frame.append(FLAGS[i]);
        }
      }
      frame.append(' ').append(out.readUnsignedInt());
      long length = out.readUnsignedInt();
      frame.append(' ').append(length);
      if (type == DATA) {
        out.skipBytes((int) length);
      }
      frames.add(frame.toString());
    }
    return frames;
  }

  void setWritable(boolean newWritable) {
    writable = newWritable;
    session.writabilityChanged();
    time.runDue();
  }

  /** Why the session closed the connection; null while it did not. */
  @Nullable Throwable closeCause() {
    return closeCause;
  }

  /** How often the session flushed since the last call. */
  int flushes() {
    int count = flushed;
    flushed = 0;
    return count;
  }

  /** Bytes in buffers that the session and its streams hold. */
  long memoryInUse() {
    return alloc.metric().usedHeapMemory() - out.capacity();
  }

  /** Ends the connection and asserts that nothing is left of it. */
  void end() {
    session.pipeClosed(new IllegalStateException("the test is over"));
    time.runDue();
    assertEquals(0, session.streamCount());
    assertEquals(0, time.pendingTasks(), "timers");
    assertEquals(0, memoryInUse(), "bytes in buffers that were not released");
  }

  @Override
  public boolean inEventLoop() {
    return true;
  }

  @Override
  public void execute(Runnable task) {
    time.execute(task);
  }

  @Override
  public ByteBufAllocator alloc() {
    return alloc;
  }

  @Override
  public void write(ByteBuf bytes) {
    out.writeBytes(bytes);
    bytes.release();
  }

  @Override
  public void flush() {
    flushed++;
  }

  @Override
  public boolean isWritable() {
    return writable;
  }

  @Override
  public void close(Throwable cause) {
    closeCause = cause;
  }
}
