/**
 * Batches on virtual time, for tests and {@code bench batch}: the real decisions of {@link
 * io.infernet.node.batch.schedule} about providers that are made up.
 */
@NullMarked
package io.infernet.node.batch.simulation;

import org.jspecify.annotations.NullMarked;
