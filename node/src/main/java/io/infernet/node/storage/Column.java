package io.infernet.node.storage;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/**
 * One kind of thing in the store: the column's name, and how keys and values become bytes.
 *
 * @param name of the RocksDB column family
 * @param key to bytes; keys are ordered by them
 * @param encode a value to bytes
 * @param decode and back; throws when the bytes are none
 */
record Column<K, V>(
    String name, Function<K, byte[]> key, Function<V, byte[]> encode, Decoder<V> decode) {

  /** Reads a value. */
  @FunctionalInterface
  interface Decoder<V> {
    V decode(byte[] bytes) throws Exception;
  }

  /** A column of plain texts. */
  static Column<String, String> ofTexts(String name) {
    return new Column<>(
        name,
        text -> text.getBytes(StandardCharsets.UTF_8),
        text -> text.getBytes(StandardCharsets.UTF_8),
        bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /** Where a column's keys are listed by time, if it has such an index. */
  String indexName() {
    return name + "-by-time";
  }
}
