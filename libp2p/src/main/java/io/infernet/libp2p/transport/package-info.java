/** How bytes get from one machine to another, below any security. */
@NullMarked
package io.infernet.libp2p.transport;

import org.jspecify.annotations.NullMarked;
