/** This project's side of the interop cases of discovery in {@code scripts/interop}. */
@NullMarked
package io.infernet.discovery.interop;

import org.jspecify.annotations.NullMarked;
