/**
 * Many answers of one model at once: the steps that a decoder makes over several sequences, the
 * place of their keys and values in its memory, and who comes next.
 */
@NullMarked
package io.infernet.inference.batching;

import org.jspecify.annotations.NullMarked;
