/** What tests of all modules share: time, networks and identities that a test owns. */
@NullMarked
package io.infernet.libp2p.testing;

import org.jspecify.annotations.NullMarked;
