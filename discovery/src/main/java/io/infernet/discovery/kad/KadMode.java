package io.infernet.discovery.kad;

/** Whether a node serves the DHT. */
public enum KadMode {
  /** Asks only; is in nobody's routing table. */
  CLIENT,
  /** Asks and answers, and keeps records for others. */
  SERVER
}
