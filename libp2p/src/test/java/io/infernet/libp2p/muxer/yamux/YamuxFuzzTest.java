package io.infernet.libp2p.muxer.yamux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.muxer.MuxedStream;
import io.infernet.libp2p.muxer.RecordingListener;
import io.netty.buffer.ByteBuf;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** A session under a remote that sends anything at all. */
class YamuxFuzzTest {

  private static final YamuxConfig CONFIG =
      YamuxConfigBuilder.with(
          c -> {
            c.maxInboundStreams = 4;
            c.maxStreamWindow = YamuxConfig.INITIAL_WINDOW;
            c.maxBufferedBytes = YamuxConfig.INITIAL_WINDOW;
          });

  /** The first byte of the input chooses the side, the second the size of the fragments. */
  @MethodSource("seeds")
  @FuzzTest(maxDuration = "1m")
  void keepsItsOrderWhateverArrives(byte[] input) {
    if (input.length < 2) {
      return;
    }
    boolean initiator = (input[0] & 1) == 0;
    int size = 1 + (input[1] & 0xff);
    ScriptedRemote remote = ScriptedRemote.started(CONFIG, initiator);
    use(remote, remote.session.openStream().join(), 0);
    remote.time.runDue();
    int seen = 0;
    for (int at = 2; at < input.length; at += size) {
      int length = Math.min(size, input.length - at);
      remote.receive(remote.alloc().buffer(length).writeBytes(input, at, length));
      for (; seen < remote.accepted.size(); seen++) {
        use(remote, remote.accepted.get(seen), seen);
      }
      assertTrue(remote.session.streamCount() <= 1 + CONFIG.maxInboundStreams());
      assertTrue(remote.memoryInUse() <= 2L * input.length + 8192);
    }
    remote.sent();
    if (remote.closeCause() instanceof PeerUnavailableException cause) {
      assertTrue(cause.getMessage().startsWith("the remote closed"), cause.getMessage());
    } else if (remote.closeCause() != null) {
      assertInstanceOf(ProtocolViolationException.class, remote.closeCause());
      assertEquals(0, remote.session.streamCount());
    }
    remote.end();
  }

  /** Streams differ in their users: one answers, one is slow, one gives up, one is done. */
  private static void use(ScriptedRemote remote, MuxedStream stream, int index) {
    switch (index % 4) {
      case 0 ->
          stream.listen(
              new RecordingListener() {
                @Override
                public void onData(ByteBuf data) {
                  stream.write(data.readRetainedSlice(data.readableBytes()));
                }

                @Override
                public void onRemoteClose() {
                  stream.closeWrite();
                }
              });
      case 1 ->
          stream.listen(
              new RecordingListener() {
                @Override
                public void onData(ByteBuf data) {
                  data.readByte();
                }
              });
      case 2 -> stream.reset();
      default -> {
        stream.closeWrite();
        remote.time.execute(stream::resumeReading);
      }
    }
  }

  static Stream<byte[]> seeds() {
    String open = "000100010000000200000000";
    String data = "00000000000000020000000568656c6c6f";
    return Stream.of(
            "00ff" + open + data + data,
            "0000" + open + data,
            "0107" + "000100010000000100000000" + "000000000000000100000003616263",
            "00ff"
                + open
                + "000100010000000400000000"
                + "0000000000000004000000036162 63".replace(" ", ""),
            "00ff" + open + data + "000100040000000200000000" + "000100080000000200000000",
            "00ff" + "000200010000000000000007" + "000300000000000000000000",
            "00ff" + "000000030000000100000000" + "000000020000000100000002aabb",
            "00ff" + "000000050000000600000002aabb" + "000000010000000800000001cc",
            "00ff" + "000000000000000200040001",
            "00ff" + "000100000000000100ffffffff".substring(0, 24),
            "00ff" + "010000000000000000000000")
        .map(HexFormat.of()::parseHex);
  }
}
