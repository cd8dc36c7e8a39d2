package io.infernet.discovery.kad.record;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A value in the DHT; only a {@link RecordValidator} can say whether it is a good one. Arrays are
 * copied.
 *
 * @param key begins with its namespace, such as {@code /pk/}
 * @param received when the sender of the record received it itself, by its own clock; in a store,
 *     when this node did
 */
public record ValueRecord(byte[] key, byte[] value, Instant received) {

  public ValueRecord {
    key = key.clone();
    value = value.clone();
    requireNonNull(received, "received is null");
  }

  @Override
  public byte[] key() {
    return key.clone();
  }

  @Override
  public byte[] value() {
    return value.clone();
  }

  /** Bytes of key and value. */
  public int size() {
    return key.length + value.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ValueRecord that
        && Arrays.equals(key, that.key)
        && Arrays.equals(value, that.value)
        && received.equals(that.received);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(key) + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return "ValueRecord["
        + HexFormat.of().formatHex(key)
        + ", "
        + value.length
        + " bytes, "
        + received
        + "]";
  }
}
