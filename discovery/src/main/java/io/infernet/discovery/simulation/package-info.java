/**
 * Discovery at a size that no test network has: thousands of nodes with the real services, in one
 * thread and on virtual time, some of them hostile. What {@code infernet bench dht} and {@code
 * infernet bench gossip} run.
 */
@NullMarked
package io.infernet.discovery.simulation;

import org.jspecify.annotations.NullMarked;
