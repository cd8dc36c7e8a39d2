/**
 * The secure channel {@code /noise}: Noise_XX_25519_ChaChaPoly_SHA256 with libp2p identities and
 * early muxer negotiation.
 *
 * <p>{@link io.infernet.libp2p.security.noise.NoiseSecurity} is what a host holds. It makes a
 * {@link io.infernet.libp2p.security.noise.NoiseHandshakeHandler} for each connection, which runs a
 * {@code NoiseHandshake}, tells the pipeline the {@link
 * io.infernet.libp2p.security.noise.NoiseResult}, and leaves a {@link
 * io.infernet.libp2p.security.noise.NoiseTransportHandler} in its place.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/noise/README.md">noise-libp2p</a>
 * @see <a href="https://noiseprotocol.org/noise.html">Noise, revision 34</a>
 */
@NullMarked
package io.infernet.libp2p.security.noise;

import org.jspecify.annotations.NullMarked;
