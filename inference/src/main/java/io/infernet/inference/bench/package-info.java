/** What {@code infernet bench engine} measures: speed, memory, and what a variant loses. */
@NullMarked
package io.infernet.inference.bench;

import org.jspecify.annotations.NullMarked;
