package io.infernet.libp2p.security.noise;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import java.util.Optional;

/**
 * What a successful handshake established; also the user event of a {@link NoiseHandshakeHandler}.
 *
 * @param remotePeer who is at the other end
 * @param remoteKey the key by which it proved that
 * @param muxer the muxer both sides agreed on; empty when a side did not negotiate it in the
 *     handshake, so that multistream-select has to
 */
public record NoiseResult(PeerId remotePeer, PublicKey remoteKey, Optional<ProtocolId> muxer) {}
