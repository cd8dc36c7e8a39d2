/**
 * Weights in fewer bits: how matrices are rounded to 8 and 4 bits, and the files that keep them.
 * Knows nothing of the library that computes with them.
 */
@NullMarked
package io.infernet.inference.quantization;

import org.jspecify.annotations.NullMarked;
