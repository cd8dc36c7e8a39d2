package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.peer.PublicKey;
import java.util.List;

/**
 * What a peer says of itself in the handshake, noise-libp2p "The libp2p Handshake Payload".
 *
 * @param identityKey its public key
 * @param signature by that key over the static Noise key
 * @param muxers names of the stream muxers it offers in order of preference; empty when it does not
 *     negotiate them here
 */
@SuppressWarnings("ArrayRecordComponent") // copied, and never compared
record NoisePayload(PublicKey identityKey, byte[] signature, List<String> muxers) {

  NoisePayload {
    signature = signature.clone();
    muxers = List.copyOf(muxers);
  }
}
