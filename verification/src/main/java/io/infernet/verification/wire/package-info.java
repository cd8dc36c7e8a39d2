/** Evidence as protobuf: signed requests and receipts, as they travel and as they are stored. */
@NullMarked
package io.infernet.verification.wire;

import org.jspecify.annotations.NullMarked;
