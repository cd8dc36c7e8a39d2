package io.infernet.discovery.gossip.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;

/** What js-libp2p's gossipsub writes. */
final class JsVectors {

  static final List<String> AUTHORS = List.of("ed25519", "secp256k1", "rsa");

  private static final Properties ALL = new Properties();

  static {
    try (InputStream in = JsVectors.class.getResourceAsStream("js-vectors.properties")) {
      ALL.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsVectors() {}

  static String text(String name) {
    return ALL.getProperty(name);
  }

  static byte[] bytes(String name) {
    return HexFormat.of().parseHex(text(name));
  }
}
