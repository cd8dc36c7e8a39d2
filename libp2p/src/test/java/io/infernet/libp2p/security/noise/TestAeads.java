package io.infernet.libp2p.security.noise;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The ciphers that this machine can run. */
final class TestAeads {

  private TestAeads() {}

  /** The JDK's, and each of the others that loads here. */
  static List<AeadFactory> all() {
    List<AeadFactory> all = new ArrayList<>(List.of(new JdkAeadFactory()));
    for (Supplier<AeadFactory> other :
        List.<Supplier<AeadFactory>>of(ConscryptAeadFactory::new, OpenSslAeadFactory::new)) {
      try {
        all.add(other.get());
      } catch (LinkageError e) {
        // Not on this machine.
      }
    }
    return all;
  }
}
