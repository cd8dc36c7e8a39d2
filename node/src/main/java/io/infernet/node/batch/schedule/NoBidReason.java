package io.infernet.node.batch.schedule;

/** Why a provider has no work from batches. */
public enum NoBidReason {
  /** Nothing was offered. */
  NO_DEMAND,
  /** The model that was wanted is not here. */
  MISSING_MODEL,
  /** The client pays less than this provider takes. */
  PRICE,
  /** A better reputation was asked for. */
  REPUTATION,
  /** Items are longer than this provider takes. */
  CONTEXT,
  /** This provider's own policy; costs it nothing. */
  POLICY,
  /** It has as much to do as it takes. */
  BUSY,
  /** It would not be done in time. */
  DEADLINE,
  /** It bid, and others were taken. */
  NOT_CHOSEN
}
