package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.peer.PrivateKey;
import java.security.SecureRandom;
import java.util.List;

/** Makes the parts that tests of the handshake need. */
final class TestHandshakes {

  static final ProtocolId YAMUX = ProtocolId.of("/yamux/1.0.0");
  static final ProtocolId MPLEX = ProtocolId.of("/mplex/6.7.0");
  static final SecureRandom RANDOM = new SecureRandom();
  static final AeadFactory AEADS = AeadFactory.fastest();

  private TestHandshakes() {}

  static NoiseSecurity security(PrivateKey identity, ProtocolId... muxers) {
    return new NoiseSecurity(identity, List.of(muxers), NoiseConfig.defaults(), AEADS, RANDOM);
  }

  /** A bare handshake with keys of its own. */
  static HandshakeState state(boolean initiator) {
    return new HandshakeState(
        initiator,
        new byte[0],
        NoiseKeyPair.generate(RANDOM),
        NoiseKeyPair.generate(RANDOM),
        AEADS);
  }
}
