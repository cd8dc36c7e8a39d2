package io.infernet.libp2p.muxer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes down what it hears. */
public class RecordingListener implements MuxedStream.Listener {

  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private final List<String> events = new ArrayList<>();
  private @Nullable Throwable resetCause;

  @Override
  public void onData(ByteBuf bytes) {
    byte[] copy = new byte[bytes.readableBytes()];
    bytes.readBytes(copy);
    data.writeBytes(copy);
    events.add("data");
  }

  @Override
  public void onRemoteClose() {
    events.add("close");
  }

  @Override
  public void onReset(Throwable cause) {
    events.add("reset");
    resetCause = cause;
  }

  public byte[] bytes() {
    return data.toByteArray();
  }

  public String text() {
    return data.toString(UTF_8);
  }

  public int length() {
    return data.size();
  }

  /** What happened, in order: {@code data}, {@code close} or {@code reset}. */
  public List<String> events() {
    return events;
  }

  public @Nullable Throwable resetCause() {
    return resetCause;
  }
}
