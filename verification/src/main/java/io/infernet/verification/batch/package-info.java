/**
 * A batch as data: items cut into shards, what is promised, committed, revealed and judged about
 * them, and which step may follow which.
 */
@NullMarked
package io.infernet.verification.batch;

import org.jspecify.annotations.NullMarked;
