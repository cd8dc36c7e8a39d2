/** A node inside another program: {@link io.infernet.node.embed.InfernetNode}. */
@NullMarked
package io.infernet.node.embed;

import org.jspecify.annotations.NullMarked;
