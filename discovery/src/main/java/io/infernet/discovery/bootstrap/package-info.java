/** The first peers of a node: connects to those that the settings name, and keeps at it. */
@NullMarked
package io.infernet.discovery.bootstrap;

import org.jspecify.annotations.NullMarked;
