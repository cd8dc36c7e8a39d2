/**
 * Texts into vectors or classes: what an encoder computes in one step, and how the texts of many
 * requests share an engine. Knows no native library.
 */
@NullMarked
package io.infernet.inference.encoding;

import org.jspecify.annotations.NullMarked;
