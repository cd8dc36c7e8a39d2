/**
 * What remains of a finished job: who did what for whom at what price, signed by both sides as
 * EIP-712 structured data, so that anybody can check it offline and a contract can too.
 */
@NullMarked
package io.infernet.verification.receipt;

import org.jspecify.annotations.NullMarked;
