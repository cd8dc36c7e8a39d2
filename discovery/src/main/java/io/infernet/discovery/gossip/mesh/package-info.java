/**
 * What the gossip router remembers and decides without any I/O: the mesh of each topic, the caches
 * of messages, who must not be grafted yet, and who promised which message. Everything here is used
 * by the router's executor alone, except where a type says otherwise.
 */
@NullMarked
package io.infernet.discovery.gossip.mesh;

import org.jspecify.annotations.NullMarked;
