/** Text to token ids and back, chat templates and stop strings. */
@NullMarked
package io.infernet.inference.tokenizer;

import org.jspecify.annotations.NullMarked;
