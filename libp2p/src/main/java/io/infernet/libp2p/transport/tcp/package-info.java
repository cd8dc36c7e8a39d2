/**
 * TCP sockets: listening, dialling and name resolution, and the limits that hold before a
 * connection has proved anything.
 */
@NullMarked
package io.infernet.libp2p.transport.tcp;

import org.jspecify.annotations.NullMarked;
