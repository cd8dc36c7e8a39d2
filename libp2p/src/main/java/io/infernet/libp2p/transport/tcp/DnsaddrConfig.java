package io.infernet.libp2p.transport.tcp;

import io.infernet.libp2p.host.Limits;

/**
 * How far a {@code /dnsaddr} is followed.
 *
 * @param maxDepth names in a row that each refer to the next
 * @param maxLookups names looked up for one address, all branches together
 * @param maxAddresses addresses that one may stand for
 */
public record DnsaddrConfig(int maxDepth, int maxLookups, int maxAddresses) {

  public DnsaddrConfig {
    Limits.requirePositive(maxDepth, "maxDepth");
    Limits.requirePositive(maxLookups, "maxLookups");
    Limits.requirePositive(maxAddresses, "maxAddresses");
  }

  /** Enough for a list of lists. */
  public static DnsaddrConfig defaults() {
    return new DnsaddrConfig(4, 32, 128);
  }
}
