/**
 * Running a model: requests, sampling, and how sequences share an engine. Knows no native library.
 */
@NullMarked
package io.infernet.inference.engine;

import org.jspecify.annotations.NullMarked;
