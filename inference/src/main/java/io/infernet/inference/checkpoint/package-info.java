/** Reading Hugging Face checkpoints: configuration and tensors, checked and bounded. */
@NullMarked
package io.infernet.inference.checkpoint;

import org.jspecify.annotations.NullMarked;
