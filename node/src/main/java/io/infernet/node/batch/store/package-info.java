/**
 * What a node remembers of batches, as client, aggregator and worker: the ledgers take each step
 * and have it on the disk before they say so; the store is what they write to.
 */
@NullMarked
package io.infernet.node.batch.store;

import org.jspecify.annotations.NullMarked;
