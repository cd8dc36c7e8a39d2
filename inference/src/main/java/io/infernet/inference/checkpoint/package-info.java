/**
 * Reading Hugging Face checkpoints: configuration and tensors, checked and bounded.
 *
 * <p>{@link io.infernet.inference.checkpoint.ModelConfig} says in data what a decoder computes; a
 * new family is a {@link io.infernet.inference.checkpoint.ModelFamily} that reads its {@code
 * config.json} into that, an entry in {@code ModelConfig}, and a tiny configuration among the
 * tests, which compare the engine with a plain reference. Options that change the arithmetic and
 * are not computed are refused by name.
 */
@NullMarked
package io.infernet.inference.checkpoint;

import org.jspecify.annotations.NullMarked;
