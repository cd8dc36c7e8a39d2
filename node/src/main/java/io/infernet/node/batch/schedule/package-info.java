/**
 * Who computes which part of a batch, as pure decisions: no I/O, no clock, no threads. {@link
 * io.infernet.node.batch.schedule.ShardScheduler} hands out shards, {@link
 * io.infernet.node.batch.schedule.BidScorer} compares those who want them, {@link
 * io.infernet.node.batch.schedule.BidDecider} is the provider's side. Times are nanoseconds of one
 * {@link io.infernet.libp2p.concurrent.Ticker}, passed in; nothing here is safe for several threads
 * unless it is a value.
 */
@NullMarked
package io.infernet.node.batch.schedule;

import org.jspecify.annotations.NullMarked;
