/**
 * The same work done by several: how a replica commits to its result before it may see another's
 * ({@link io.infernet.verification.redundancy.ShardHashes}), when results agree ({@link
 * io.infernet.verification.redundancy.Agreement}), and when a shard is settled and what that says
 * of each replica ({@link io.infernet.verification.redundancy.Quorum}). Pure: no I/O, no time.
 */
@NullMarked
package io.infernet.verification.redundancy;

import org.jspecify.annotations.NullMarked;
