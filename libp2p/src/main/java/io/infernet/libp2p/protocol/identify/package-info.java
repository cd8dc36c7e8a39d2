/**
 * identify and identify/push: peers tell each other which protocols they speak, where they listen,
 * and from where they see the other.
 */
@NullMarked
package io.infernet.libp2p.protocol.identify;

import org.jspecify.annotations.NullMarked;
