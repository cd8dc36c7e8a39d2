package io.infernet.libp2p.host;

import static io.infernet.libp2p.testing.LoopbackNetwork.await;
import static io.infernet.libp2p.testing.LoopbackNetwork.info;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.testing.Echo;
import io.infernet.libp2p.testing.LoopbackNetwork;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Much data over loopback TCP. */
class HostTransferTest {

  private static final int MIB = 1024 * 1024;
  private static final ProtocolId SLOW = ProtocolId.of("/test/slow/1");

  private final LoopbackNetwork network = new LoopbackNetwork();

  @AfterEach
  void close() {
    network.close();
  }

  @Test
  void echoesAMebibyteOnEachOfAHundredStreamsAtOnce() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    bob.handle(Echo.PROTOCOL, new Echo());
    await(alice.connect(info(bob)));

    List<byte[]> sent = new ArrayList<>();
    List<CompletableFuture<byte[]>> digests = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      byte[] bytes = new byte[MIB];
      new SplittableRandom(i).nextBytes(bytes);
      sent.add(sha256().digest(bytes));
      digests.add(
          alice
              .newStream(bob.peerId(), List.of(Echo.PROTOCOL))
              .thenCompose(
                  stream -> {
                    Digest digest = new Digest();
                    stream.listen(digest);
                    stream.send(ByteBuffer.wrap(bytes));
                    stream.closeWrite();
                    return digest.end;
                  }));
    }

    for (int i = 0; i < sent.size(); i++) {
      assertArrayEquals(sent.get(i), await(digests.get(i)), "stream " + i);
    }
  }

  @Test
  void aReaderThatPausesHoldsTheWriterBackAndLosesNothing() {
    NettyHost alice = network.host(1);
    NettyHost bob = network.host(2);
    CompletableFuture<Stream> accepted = new CompletableFuture<>();
    Digest digest = new Digest();
    bob.handle(
        SLOW,
        stream -> {
          stream.pauseReading();
          stream.listen(digest);
          accepted.complete(stream);
        });
    await(alice.connect(info(bob)));
    Stream stream = await(alice.newStream(bob.peerId(), List.of(SLOW)));
    MessageDigest sent = sha256();
    AtomicLong left = new AtomicLong();
    CompletableFuture<Void> all = new CompletableFuture<>();

    write(stream, new SplittableRandom(3), 64, sent, left, all);
    Stream reader = await(accepted);
    // Whatever the windows let through has arrived once a later stream was answered.
    bob.handle(Echo.PROTOCOL, new Echo());
    await(
        alice
            .newStream(bob.peerId(), List.of(Echo.PROTOCOL))
            .thenCompose(
                other -> {
                  Digest echoed = new Digest();
                  other.listen(echoed);
                  other.send(ByteBuffer.allocate(10));
                  other.closeWrite();
                  return echoed.end;
                }));
    assertFalse(all.isDone());
    assertTrue(left.get() < 2L * MIB, left + " bytes left though nobody reads");

    reader.resumeReading();
    await(all);
    assertArrayEquals(sent.digest(), await(digest.end));
  }

  /** Writes mebibytes, each after the one before has left. */
  private static void write(
      Stream stream,
      SplittableRandom random,
      int mebibytes,
      MessageDigest digest,
      AtomicLong left,
      CompletableFuture<Void> all) {
    if (mebibytes == 0) {
      stream.closeWrite();
      all.complete(null);
      return;
    }
    byte[] bytes = new byte[MIB];
    random.nextBytes(bytes);
    digest.update(bytes);
    stream
        .send(ByteBuffer.wrap(bytes))
        .thenRun(
            () -> {
              left.addAndGet(bytes.length);
              write(stream, random, mebibytes - 1, digest, left, all);
            });
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The digest of what arrives. */
  private static final class Digest implements StreamListener {
    private final MessageDigest digest = sha256();
    private final CompletableFuture<byte[]> end = new CompletableFuture<>();

    @Override
    public void onData(ByteBuffer data) {
      digest.update(data);
    }

    @Override
    public void onRemoteClose() {
      end.complete(digest.digest());
    }

    @Override
    public void onReset(Throwable cause) {
      end.completeExceptionally(cause);
    }
  }
}
