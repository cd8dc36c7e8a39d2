/**
 * How a look-up goes from peer to peer until it has the closest ones. Pure: the service asks whom
 * it is told to and reports what came of it.
 */
@NullMarked
package io.infernet.discovery.kad.query;

import org.jspecify.annotations.NullMarked;
