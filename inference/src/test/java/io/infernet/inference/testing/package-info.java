/**
 * Stand-ins for the engine, so that everything outside {@code engine.djl} is tested without it, and
 * the tests' own models and recorded answers.
 */
@NullMarked
package io.infernet.inference.testing;

import org.jspecify.annotations.NullMarked;
