/**
 * From a checkpoint to tokens. The errors that users see start at {@link
 * io.infernet.inference.InfernetException}.
 */
@NullMarked
package io.infernet.inference;

import org.jspecify.annotations.NullMarked;
