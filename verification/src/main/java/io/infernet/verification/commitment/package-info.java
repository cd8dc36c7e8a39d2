/**
 * What client and provider bind themselves to while a job runs: its terms ({@link
 * io.infernet.verification.commitment.JobRequest}) and the chain of hashes over the answer ({@link
 * io.infernet.verification.commitment.CommitmentChain}).
 */
@NullMarked
package io.infernet.verification.commitment;

import org.jspecify.annotations.NullMarked;
