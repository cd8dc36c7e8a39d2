/**
 * The messages of {@code /infernet/shard/1.0.0} and their encoding: between the client of a batch
 * and its aggregator, and between the aggregator and its workers.
 */
@NullMarked
package io.infernet.node.batch.wire;

import org.jspecify.annotations.NullMarked;
