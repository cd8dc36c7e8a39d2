/**
 * This project's side of the interop cases in {@code scripts/interop}: a peer in a process of its
 * own that is told what to do, and does with its streams what the js-libp2p peer does with its own.
 */
@NullMarked
package io.infernet.libp2p.interop;

import org.jspecify.annotations.NullMarked;
