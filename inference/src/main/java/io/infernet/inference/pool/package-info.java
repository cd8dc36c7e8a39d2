/**
 * Which models are in memory: what they need, what there is room for, and who leaves when another
 * one comes.
 */
@NullMarked
package io.infernet.inference.pool;

import org.jspecify.annotations.NullMarked;
