/** Time and threads as things that are passed in, so that tests can own them. */
@NullMarked
package io.infernet.libp2p.concurrent;

import org.jspecify.annotations.NullMarked;
