package io.infernet.libp2p.host;

import java.nio.charset.StandardCharsets;

/**
 * The name of a protocol in multistream-select, such as {@code /ipfs/ping/1.0.0}. An immutable
 * value.
 */
public record ProtocolId(String value) implements Comparable<ProtocolId> {

  /** Longest name in UTF-8 bytes: a multistream message is at most 1024 bytes, newline included. */
  public static final int MAX_LENGTH = 1023;

  public ProtocolId {
    if (!isValid(value)) {
      throw new IllegalArgumentException("not a protocol name: " + value);
    }
  }

  public static ProtocolId of(String value) {
    return new ProtocolId(value);
  }

  /** Whether {@code value} can name a protocol. */
  public static boolean isValid(String value) {
    return value.startsWith("/")
        && value.length() >= 2
        && value.indexOf('\n') < 0
        && value.getBytes(StandardCharsets.UTF_8).length <= MAX_LENGTH;
  }

  @Override
  public int compareTo(ProtocolId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
