/**
 * The part of the Jinja template language that chat templates use, as Python's Jinja 3.1 has it.
 * Templates come from strangers: they reach nothing but their variables, and everything they do is
 * bounded. Knows nothing of models.
 */
@NullMarked
package io.infernet.inference.jinja;

import org.jspecify.annotations.NullMarked;
