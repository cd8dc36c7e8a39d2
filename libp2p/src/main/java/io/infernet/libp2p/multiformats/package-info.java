/**
 * Self-describing values of the multiformats project, in text and binary form: varints, base
 * encodings, hashes, content ids and addresses.
 *
 * <p>All are immutable and safe from any thread. Text comes from people and settings, so {@code
 * parse} throws {@link java.lang.IllegalArgumentException} with a message fit for them; bytes come
 * from peers, so {@code fromBytes} and {@code decode} throw {@link
 * io.infernet.libp2p.host.ProtocolViolationException}. Sizes are bounded before anything is
 * allocated.
 */
@NullMarked
package io.infernet.libp2p.multiformats;

import org.jspecify.annotations.NullMarked;
