package io.infernet.libp2p.multistream;

import io.infernet.libp2p.host.ProtocolId;

/** The user event of a {@link MultistreamHandler} that came to an agreement. */
public record NegotiatedProtocol(ProtocolId protocol) {}
