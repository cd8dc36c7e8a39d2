/**
 * Puts a node together: one small factory for each part, and {@link
 * io.infernet.node.assembly.NodeAssembly} that starts them in order and closes them in reverse.
 */
@NullMarked
package io.infernet.node.assembly;

import org.jspecify.annotations.NullMarked;
