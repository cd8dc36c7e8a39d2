/**
 * What a Kademlia server keeps for others: who provides what, and values that validators vouch for.
 * {@link io.infernet.discovery.kad.record.RecordLimits} bounds all of it.
 */
@NullMarked
package io.infernet.discovery.kad.record;

import org.jspecify.annotations.NullMarked;
