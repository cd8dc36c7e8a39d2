/**
 * What this machine consists of: asks the operating system and the GPU vendors' tools, and says
 * what keeps a GPU from being used ({@link io.infernet.node.hardware.HardwareProbe}).
 */
@NullMarked
package io.infernet.node.hardware;

import org.jspecify.annotations.NullMarked;
