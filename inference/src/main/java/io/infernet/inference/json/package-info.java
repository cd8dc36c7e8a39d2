/** Answers that are JSON: which bytes, and so which tokens, may follow. */
@NullMarked
package io.infernet.inference.json;

import org.jspecify.annotations.NullMarked;
