/**
 * What this node knows of other peers from its own experience and from evidence that it checked
 * itself: a score for each worker and model ({@link
 * io.infernet.verification.reputation.ReputationLedger}), and what counts as evidence ({@link
 * io.infernet.verification.reputation.EvidenceChecker}). Opinions of others count for nothing.
 */
@NullMarked
package io.infernet.verification.reputation;

import org.jspecify.annotations.NullMarked;
