package io.infernet.discovery.simulation;

import io.infernet.libp2p.multiformats.Multiaddr;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Public addresses as they are spread on the internet: most hosts are anywhere, a third are in a
 * hundred networks of data centres.
 */
final class Addresses {

  private static final int DATA_CENTRES = 100;

  /** First octets from here are ordinary addresses, and so are this many behind. */
  private static final int FIRST_OCTET = 20;

  private static final int OCTETS = 70;

  private final RandomGenerator random;
  private final int[] dataCentres = new int[DATA_CENTRES];
  private final Set<Integer> used = new HashSet<>();
  private final int shared;
  private int sharedPorts = 1024;

  Addresses(RandomGenerator random) {
    this.random = random;
    for (int i = 0; i < DATA_CENTRES; i++) {
      dataCentres[i] = network();
    }
    shared = host(network());
  }

  /** One that nobody else has. */
  Multiaddr next() {
    while (true) {
      int network = random.nextInt(3) == 0 ? dataCentres[random.nextInt(DATA_CENTRES)] : network();
      int ip = host(network);
      if (ip != shared && used.add(ip)) {
        return address(ip, 4001);
      }
    }
  }

  /** Another port of the one machine that pretends to be many. */
  Multiaddr ofSybil() {
    return address(shared, sharedPorts++);
  }

  private int network() {
    return (FIRST_OCTET + random.nextInt(OCTETS)) << 24 | random.nextInt(256) << 16;
  }

  private int host(int network) {
    return network | random.nextInt(1 << 16);
  }

  private static Multiaddr address(int ip, int port) {
    return Multiaddr.parse(
        "/ip4/%d.%d.%d.%d/tcp/%d"
            .formatted(ip >>> 24, ip >>> 16 & 255, ip >>> 8 & 255, ip & 255, port));
  }
}
