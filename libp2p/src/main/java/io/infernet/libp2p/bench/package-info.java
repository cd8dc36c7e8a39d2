/** Measures the network stack on this machine, for the command line and for those who tune it. */
@NullMarked
package io.infernet.libp2p.bench;

import org.jspecify.annotations.NullMarked;
