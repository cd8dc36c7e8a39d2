package io.infernet.libp2p.security.noise;

import java.util.List;

/** The ciphers that this machine can run. */
final class TestAeads {

  private TestAeads() {}

  /** The JDK's, and the fastest where that is another one. */
  static List<AeadFactory> all() {
    return List.of(new JdkAeadFactory(), AeadFactory.fastest());
  }
}
