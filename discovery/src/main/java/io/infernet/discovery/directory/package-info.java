/**
 * Who can run what: each peer's signed word about itself ({@link
 * io.infernet.discovery.directory.CapabilityRecord}), a bounded table of the fresh ones, and the
 * {@link io.infernet.discovery.directory.Directory} that fills it by gossip, from the DHT and from
 * connected peers; what is wanted in vain, and offers of work.
 */
@NullMarked
package io.infernet.discovery.directory;

import org.jspecify.annotations.NullMarked;
