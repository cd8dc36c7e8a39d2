/**
 * The node. The errors that its users see are {@link io.infernet.inference.InfernetException}s;
 * those that end a command in its own way are here, and {@link io.infernet.node.ExitCode} maps them
 * all.
 */
@NullMarked
package io.infernet.node;

import org.jspecify.annotations.NullMarked;
