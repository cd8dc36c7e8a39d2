/**
 * What a node remembers on disk: one RocksDB in its home, with a column for each kind of thing. The
 * stores' interfaces are where they are used.
 */
@NullMarked
package io.infernet.node.storage;

import org.jspecify.annotations.NullMarked;
