/** The messages of {@code /infernet/job/1.0.0} and their encoding. */
@NullMarked
package io.infernet.node.job.wire;

import org.jspecify.annotations.NullMarked;
