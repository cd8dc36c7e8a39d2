/**
 * TorchScript archives of others, read with distrust: what is in them is checked here, in Java,
 * before libtorch sees any of it.
 */
@NullMarked
package io.infernet.inference.torchscript;

import org.jspecify.annotations.NullMarked;
