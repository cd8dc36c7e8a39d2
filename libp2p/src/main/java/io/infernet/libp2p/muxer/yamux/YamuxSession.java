package io.infernet.libp2p.muxer.yamux;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.muxer.ByteBudget;
import io.infernet.libp2p.muxer.BytePipe;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.StreamMuxer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One side of a yamux session: a plain object without I/O of its own on the event loop of its
 * {@link BytePipe}. Public methods without a word about the event loop in {@link StreamMuxer} may
 * be called from any thread.
 *
 * <p>Implementation notes. Sending: streams with data and credit stand in a queue and send one
 * frame per turn; turns are taken in a task of their own, so that what one pass of the event loop
 * makes becomes few frames and one flush, and only while the pipe is writable. Other frames are
 * written at once, and their bytes are counted while the pipe is not writable: they too must not
 * pile up for a remote that doesn't read. Receiving: the payload of a frame is passed on as it
 * arrives and never collected. What the remote may legally send on a stream that was reset here is
 * known exactly, the credit it had left; the session adds these up, drops as many bytes and takes
 * more for a violation.
 *
 * <p>Limits that the specification leaves open follow what go-yamux, rust-yamux and js-libp2p
 * accept from each other: see {@link StreamIdWindow}; any frame counts as the acknowledgement of a
 * stream, for js-libp2p may send none; frames without data for unknown streams of the remote are
 * ignored, for rust-yamux may reset a stream that it never opened.
 */
public final class YamuxSession implements StreamMuxer {

  /** The name under which the muxer is negotiated. */
  public static final ProtocolId PROTOCOL = ProtocolId.of("/yamux/1.0.0");

  private static final Logger LOG = LoggerFactory.getLogger(YamuxSession.class);

  /** After this many bytes the pipe is flushed, so that its writability is up to date. */
  private static final int BYTES_PER_FLUSH = 256 * 1024;

  /** After this many bytes other connections of the event loop have their turn. */
  private static final int BYTES_PER_TURN = 2 * 1024 * 1024;

  private final YamuxConfig config;
  private final ByteBudget budget;
  private final boolean initiator;
  private final BytePipe pipe;
  private final Ticker ticker;
  private final Consumer<MuxedStream> onStream;
  private final PingPong pings;
  private final CompletableFuture<Throwable> closed = new CompletableFuture<>();

  private final IntObjectMap<YamuxStream> streams = new IntObjectHashMap<>();
  private final StreamIdWindow remoteIds = new StreamIdWindow();
  private final Deque<CompletableFuture<MuxedStream>> waitingOpens = new ArrayDeque<>(2);
  private long nextId;
  private int inboundStreams;
  private int outboundStreams;
  private int unackedStreams;

  // Receiving.
  private final YamuxFrame frame = new YamuxFrame();
  private long payloadLeft;
  private @Nullable YamuxStream payloadStream;
  private long lateData;
  private long bufferedBytes;
  private long windowGrowth;

  // Sending.
  private final Deque<YamuxStream> sendQueue = new ArrayDeque<>(4);

  /** Writes whose bytes the pipe has and may still refer to: the writer hears after the flush. */
  private List<CompletableFuture<Void>> written = new ArrayList<>(2);

  private boolean turnScheduled;
  private boolean sending;
  private boolean unflushed;
  private int unsentControlBytes;

  private boolean pipeOpen = true;
  private boolean localGoAway;
  private boolean remoteGoAway;
  private boolean ended;
  private volatile boolean acceptsStreams = true;
  private volatile int streamCount;

  /**
   * @param budget shared with the other sessions of the host
   * @param initiator whether this side dialled: it numbers its streams with odd ids
   * @param onStream takes the streams that the remote opens, on the event loop; should call {@link
   *     MuxedStream#listen}
   */
  public YamuxSession(
      YamuxConfig config,
      ByteBudget budget,
      boolean initiator,
      BytePipe pipe,
      Scheduler scheduler,
      Ticker ticker,
      Consumer<MuxedStream> onStream) {
    this.config = config;
    this.budget = budget;
    this.initiator = initiator;
    this.pipe = pipe;
    this.ticker = ticker;
    this.onStream = onStream;
    nextId = initiator ? 1 : 2;
    pings = new PingPong(config, this, scheduler, ticker);
  }

  // --- The pipe's side ---

  @Override
  public void start() {
    assertInEventLoop();
    pings.start();
  }

  @Override
  public void receive(ByteBuf bytes) {
    assertInEventLoop();
    pings.heard();
    try {
      while (!ended && bytes.isReadable()) {
        if (payloadLeft > 0) {
          receivePayload(bytes);
        } else if (frame.read(bytes)) {
          receiveFrame();
        }
      }
    } catch (ProtocolViolationException e) {
      end(e, YamuxFrame.PROTOCOL_ERROR);
    } finally {
      bytes.release();
    }
  }

  @Override
  public void writabilityChanged() {
    assertInEventLoop();
    if (pipe.isWritable()) {
      unsentControlBytes = 0;
      if (!sendQueue.isEmpty()) {
        scheduleTurn();
      }
    }
  }

  @Override
  public void pipeClosed(Throwable cause) {
    assertInEventLoop();
    pipeOpen = false;
    end(cause, YamuxFrame.NORMAL_TERMINATION);
  }

  // --- The user's side ---

  @Override
  public CompletableFuture<MuxedStream> openStream() {
    CompletableFuture<MuxedStream> opened = new CompletableFuture<>();
    if (!run(() -> open(opened))) {
      opened.completeExceptionally(loopEnded());
    }
    return opened;
  }

  @Override
  public int streamCount() {
    return streamCount;
  }

  @Override
  public boolean acceptsStreams() {
    return acceptsStreams;
  }

  @Override
  public Optional<Duration> roundTripTime() {
    long nanos = pings.roundTripTime();
    return nanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos));
  }

  @Override
  public void goAway() {
    run(
        () -> {
          if (!ended && !localGoAway) {
            writeControl(YamuxFrame.GO_AWAY, 0, 0, YamuxFrame.NORMAL_TERMINATION);
            localGoAway = true;
            refuseStreams("this side is closing the connection");
          }
        });
  }

  @Override
  public void close(Throwable cause) {
    run(() -> end(cause, YamuxFrame.NORMAL_TERMINATION));
  }

  @Override
  public CompletableFuture<Throwable> closed() {
    return closed.copy();
  }

  // --- Receiving ---

  private void receiveFrame() throws ProtocolViolationException {
    switch (frame.type()) {
      case YamuxFrame.DATA -> receiveData();
      case YamuxFrame.WINDOW_UPDATE -> receiveWindowUpdate();
      case YamuxFrame.PING -> {
        if (frame.has(YamuxFrame.SYN)) {
          pings.onPing((int) frame.length());
        } else {
          pings.onPong((int) frame.length());
        }
      }
      default -> receiveGoAway();
    }
  }

  private void receiveData() throws ProtocolViolationException {
    YamuxStream stream = streamOfFrame();
    long length = frame.length();
    if (stream != null) {
      stream.announce(length);
    } else {
      lateData -= length;
      if (lateData < 0) {
        throw new ProtocolViolationException("data for a stream that is not open: " + frame);
      }
    }
    payloadLeft = length;
    payloadStream = stream;
    if (stream != null && frame.has(YamuxFrame.RST)) {
      stream.onReset();
    }
    if (length == 0) {
      endOfPayload();
    }
  }

  private void receivePayload(ByteBuf bytes) {
    int length = (int) Math.min(payloadLeft, bytes.readableBytes());
    payloadLeft -= length;
    YamuxStream stream = payloadStream;
    if (stream == null || stream.isEnded()) {
      bytes.skipBytes(length);
    } else {
      stream.onPayload(bytes, length);
    }
    if (payloadLeft == 0) {
      endOfPayload();
    }
  }

  private void endOfPayload() {
    YamuxStream stream = payloadStream;
    payloadStream = null;
    if (stream != null && frame.has(YamuxFrame.FIN)) {
      stream.onRemoteClose();
    }
  }

  private void receiveWindowUpdate() throws ProtocolViolationException {
    YamuxStream stream = streamOfFrame();
    if (stream == null) {
      return;
    }
    if (frame.has(YamuxFrame.RST)) {
      stream.onReset();
      return;
    }
    stream.onWindowUpdate(frame.length());
    if (frame.has(YamuxFrame.FIN)) {
      stream.onRemoteClose();
    }
  }

  /** The open stream that the frame is for, opened by it if it says so; null when it is gone. */
  private @Nullable YamuxStream streamOfFrame() throws ProtocolViolationException {
    int id = frame.streamId();
    boolean ours = isOurs(id);
    if (frame.has(YamuxFrame.SYN)) {
      if (ours || !remoteIds.use(id)) {
        throw new ProtocolViolationException("stream id that can't be opened: " + frame);
      }
      return accept(id);
    }
    if (ours && Integer.toUnsignedLong(id) >= nextId) {
      throw new ProtocolViolationException("stream that was never opened: " + frame);
    }
    if (!ours && frame.has(YamuxFrame.ACK)) {
      throw new ProtocolViolationException("acknowledges its own stream: " + frame);
    }
    YamuxStream stream = streams.get(id);
    if (stream != null && stream.acknowledge()) {
      unackedStreams--;
      openWaiting();
    }
    return stream;
  }

  private @Nullable YamuxStream accept(int id) {
    if (frame.has(YamuxFrame.RST)) {
      return null;
    }
    if (localGoAway || inboundStreams >= config.maxInboundStreams()) {
      writeControl(YamuxFrame.WINDOW_UPDATE, YamuxFrame.RST, id, 0);
      expectLateData(YamuxConfig.INITIAL_WINDOW);
      return null;
    }
    YamuxStream stream = new YamuxStream(this, id, false, now());
    inboundStreams++;
    add(stream);
    try {
      onStream.accept(stream);
    } catch (RuntimeException e) {
      LOG.warn("{} was not accepted", stream, e);
      stream.reset(new PeerUnavailableException("the stream was not accepted", e));
    }
    return stream.isEnded() ? null : stream;
  }

  private void receiveGoAway() {
    remoteGoAway = true;
    if (frame.length() == YamuxFrame.NORMAL_TERMINATION) {
      refuseStreams("the remote is closing the connection");
    } else {
      String why = frame.length() == YamuxFrame.PROTOCOL_ERROR ? "a protocol error" : "an error";
      end(
          new PeerUnavailableException("the remote closed the connection for " + why),
          YamuxFrame.NORMAL_TERMINATION);
    }
  }

  /** The remote may still send {@code bytes} on a stream that is no more. */
  void expectLateData(int bytes) {
    lateData += bytes;
  }

  /** Whether there is room for {@code bytes} more to wait for their reader; they count then. */
  boolean reserve(int bytes) {
    if (bufferedBytes + bytes > config.maxBufferedBytes() || !budget.take(bytes)) {
      return false;
    }
    bufferedBytes += bytes;
    return true;
  }

  void unreserve(int bytes) {
    bufferedBytes -= bytes;
    budget.give(bytes);
  }

  /** Grants what is due of {@code window}, which may grow within the session's limits. */
  int grant(ReceiveWindow window) {
    int before = window.growth();
    long room = config.maxWindowGrowth() - windowGrowth + before;
    long largest = Math.min(config.maxStreamWindow(), YamuxConfig.INITIAL_WINDOW + room);
    int grant = window.grant(now(), pings.roundTripTime(), largest);
    windowGrowth += window.growth() - before;
    return grant;
  }

  // --- Sending ---

  /** Gives {@code stream} a place in the queue of those with something to send. */
  void enqueue(YamuxStream stream) {
    sendQueue.add(stream);
    scheduleTurn();
  }

  /** Writes a frame other than data, at once. */
  void writeControl(int type, int flags, int streamId, int length) {
    if (ended) {
      return;
    }
    writeHeader(type, flags, streamId, length);
    if (!pipe.isWritable()) {
      unsentControlBytes += YamuxFrame.HEADER_LENGTH;
    } else {
      unsentControlBytes = 0;
    }
    scheduleTurn();
  }

  void writeHeader(int type, int flags, int streamId, int length) {
    pipe.write(YamuxFrame.header(pipe.alloc(), type, flags, streamId, length));
    unflushed = true;
  }

  void writePayload(ByteBuf data) {
    if (data.isReadable()) {
      pipe.write(data);
    } else {
      data.release();
    }
  }

  private void scheduleTurn() {
    if (!turnScheduled && !sending && !ended) {
      turnScheduled = true;
      pipe.execute(this::takeTurn);
    }
  }

  private void takeTurn() {
    turnScheduled = false;
    if (ended) {
      return;
    }
    sending = true;
    int bytes = 0;
    int bytesAtFlush = 0;
    while (!sendQueue.isEmpty() && pipe.isWritable() && bytes < BYTES_PER_TURN) {
      bytes += sendQueue.remove().sendFrame();
      if (bytes - bytesAtFlush >= BYTES_PER_FLUSH) {
        flush();
        bytesAtFlush = bytes;
      }
    }
    flush();
    sending = false;
    completeWritten();
    if (ended) {
      return;
    }
    if (unsentControlBytes > config.maxUnsentControlBytes() && !pipe.isWritable()) {
      end(
          new PeerUnavailableException("the remote asks for answers and does not read them"),
          YamuxFrame.INTERNAL_ERROR);
    } else if (!sendQueue.isEmpty() && pipe.isWritable()) {
      scheduleTurn();
    }
  }

  private void flush() {
    if (unflushed) {
      unflushed = false;
      pipe.flush();
    }
  }

  /** Tells the writer after the next flush that its bytes have left. */
  void completeAfterFlush(CompletableFuture<Void> write) {
    written.add(write);
  }

  /** Runs the writers' code, which may write and end what it likes. */
  private void completeWritten() {
    if (!written.isEmpty()) {
      List<CompletableFuture<Void>> done = written;
      written = new ArrayList<>(2);
      done.forEach(write -> write.complete(null));
    }
  }

  // --- Opening and ending ---

  private void open(CompletableFuture<MuxedStream> opened) {
    if (!acceptsStreams) {
      opened.completeExceptionally(new PeerUnavailableException("the connection is closing"));
    } else if (waitingOpens.isEmpty() && mayOpen()) {
      openNow(opened);
    } else if (waitingOpens.size() < config.maxWaitingOpens()) {
      waitingOpens.add(opened);
    } else {
      opened.completeExceptionally(
          new PeerUnavailableException(
              "%d streams to the peer are open or being opened, and %d wait"
                  .formatted(outboundStreams, waitingOpens.size())));
    }
  }

  private boolean mayOpen() {
    return outboundStreams < config.maxOutboundStreams()
        && unackedStreams < config.maxUnackedStreams();
  }

  private void openWaiting() {
    while (!waitingOpens.isEmpty() && mayOpen() && acceptsStreams) {
      openNow(waitingOpens.remove());
    }
  }

  private void openNow(CompletableFuture<MuxedStream> opened) {
    if (opened.isDone()) {
      return;
    }
    if (nextId > 0xFFFF_FFFFL) {
      opened.completeExceptionally(
          new PeerUnavailableException("all stream ids of the connection are used"));
      return;
    }
    YamuxStream stream = new YamuxStream(this, (int) nextId, true, now());
    nextId += 2;
    outboundStreams++;
    unackedStreams++;
    add(stream);
    writeControl(YamuxFrame.WINDOW_UPDATE, YamuxFrame.SYN, stream.id(), 0);
    if (!opened.complete(stream)) {
      stream.reset();
    }
  }

  private void add(YamuxStream stream) {
    streams.put(stream.id(), stream);
    streamCount = streams.size();
  }

  /** Forgets a stream that ended. */
  void remove(YamuxStream stream) {
    if (streams.remove(stream.id()) == null) {
      return;
    }
    streamCount = streams.size();
    windowGrowth -= stream.window().growth();
    if (stream.isInitiator()) {
      outboundStreams--;
      if (!stream.isAcknowledged()) {
        unackedStreams--;
      }
    } else {
      inboundStreams--;
    }
    if (!ended) {
      openWaiting();
      endWhenDrained();
    }
  }

  private void refuseStreams(String why) {
    acceptsStreams = false;
    PeerUnavailableException cause = new PeerUnavailableException(why);
    for (CompletableFuture<MuxedStream> waiting : takeWaitingOpens()) {
      waiting.completeExceptionally(cause);
    }
    endWhenDrained();
  }

  private List<CompletableFuture<MuxedStream>> takeWaitingOpens() {
    List<CompletableFuture<MuxedStream>> waiting = new ArrayList<>(waitingOpens);
    waitingOpens.clear();
    return waiting;
  }

  private void endWhenDrained() {
    if ((localGoAway || remoteGoAway) && streams.isEmpty()) {
      end(
          new PeerUnavailableException(
              remoteGoAway ? "the remote closed the connection" : "this side is done"),
          YamuxFrame.NORMAL_TERMINATION);
    }
  }

  private void end(Throwable cause, int goAwayCode) {
    if (ended) {
      return;
    }
    ended = true;
    acceptsStreams = false;
    pings.stop();
    if (pipeOpen) {
      if (!localGoAway) {
        writeHeader(YamuxFrame.GO_AWAY, 0, 0, goAwayCode);
      }
      pipe.close(cause);
    }
    sendQueue.clear();
    completeWritten();
    PeerUnavailableException forStreams =
        cause instanceof PeerUnavailableException unavailable
            ? unavailable
            : new PeerUnavailableException("the connection ended: " + cause.getMessage(), cause);
    for (YamuxStream stream : new ArrayList<>(streams.values())) {
      stream.end(forStreams);
    }
    for (CompletableFuture<MuxedStream> waiting : takeWaitingOpens()) {
      waiting.completeExceptionally(forStreams);
    }
    closed.complete(cause);
  }

  // --- Shared with the streams ---

  YamuxConfig config() {
    return config;
  }

  ByteBufAllocator alloc() {
    return pipe.alloc();
  }

  long now() {
    return ticker.nanoTime();
  }

  /**
   * Runs {@code task} on the event loop: now when the caller is on it, else as soon as may be.
   *
   * @return false when the event loop has shut down
   */
  boolean run(Runnable task) {
    if (inEventLoop()) {
      task.run();
      return true;
    }
    return execute(task);
  }

  boolean inEventLoop() {
    return pipe.inEventLoop();
  }

  /**
   * Runs {@code task} on the event loop, behind those that wait there.
   *
   * @return false when the event loop has shut down
   */
  boolean execute(Runnable task) {
    try {
      pipe.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /** Why nothing works when {@link #run} returns false. */
  static PeerUnavailableException loopEnded() {
    return new PeerUnavailableException("the connection has ended");
  }

  private boolean isOurs(int streamId) {
    return ((streamId & 1) == 1) == initiator;
  }

  private void assertInEventLoop() {
    if (!inEventLoop()) {
      throw new IllegalStateException("not on the event loop of the connection");
    }
  }
}
