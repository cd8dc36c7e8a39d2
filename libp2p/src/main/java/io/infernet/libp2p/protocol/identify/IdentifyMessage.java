package io.infernet.libp2p.protocol.identify;

import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.libp2p.peer.SignedEnvelope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a peer says of itself; a push may leave parts out, and so says nothing of them.
 *
 * @param listenAddresses where it can be dialled
 * @param observedAddress from where it sees the receiver
 * @param signedRecord its addresses in a form that can be passed on; the signature is unchecked
 */
public record IdentifyMessage(
    Optional<PublicKey> publicKey,
    List<Multiaddr> listenAddresses,
    Optional<Multiaddr> observedAddress,
    List<ProtocolId> protocols,
    Optional<String> agentVersion,
    Optional<String> protocolVersion,
    Optional<SignedEnvelope> signedRecord) {

  public IdentifyMessage {
    listenAddresses = List.copyOf(listenAddresses);
    protocols = List.copyOf(protocols);
  }

  /** Joins the parts of a message that was sent in several; what comes later wins. */
  IdentifyMessage and(IdentifyMessage later) {
    List<Multiaddr> addresses = new ArrayList<>(listenAddresses);
    later.listenAddresses.stream().filter(a -> !addresses.contains(a)).forEach(addresses::add);
    List<ProtocolId> spoken = new ArrayList<>(protocols);
    later.protocols.stream().filter(p -> !spoken.contains(p)).forEach(spoken::add);
    return new IdentifyMessage(
        later.publicKey.or(() -> publicKey),
        addresses,
        later.observedAddress.or(() -> observedAddress),
        spoken,
        later.agentVersion.or(() -> agentVersion),
        later.protocolVersion.or(() -> protocolVersion),
        later.signedRecord.or(() -> signedRecord));
  }
}
