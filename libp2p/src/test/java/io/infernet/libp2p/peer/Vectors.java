package io.infernet.libp2p.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Properties;

/** The test vectors of peer-ids.md: one key pair of each type, as protobufs. */
final class Vectors {

  private Vectors() {}

  static byte[] privateKey(KeyType type) {
    return load(type + ".private");
  }

  static byte[] publicKey(KeyType type) {
    return load(type + ".public");
  }

  private static byte[] load(String name) {
    Properties vectors = new Properties();
    try (InputStream in = Vectors.class.getResourceAsStream("peer-ids-vectors.properties")) {
      vectors.load(Objects.requireNonNull(in, "no vectors"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return HexFormat.of().parseHex(vectors.getProperty(name));
  }
}
