/** The engine on DJL and libtorch: graphs generated from checkpoints, as TorchScript archives. */
@NullMarked
package io.infernet.inference.engine.djl;

import org.jspecify.annotations.NullMarked;
