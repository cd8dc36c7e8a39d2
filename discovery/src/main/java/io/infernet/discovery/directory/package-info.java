/**
 * Who serves what: each peer's signed word about itself ({@link
 * io.infernet.discovery.directory.CapabilityRecord}), a bounded table of the fresh ones, and the
 * protocol {@code /infernet/directory/1.0.0} by which connected peers ask each other.
 */
@NullMarked
package io.infernet.discovery.directory;

import org.jspecify.annotations.NullMarked;
