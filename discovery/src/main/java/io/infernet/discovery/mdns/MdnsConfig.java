package io.infernet.discovery.mdns;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.host.Limits;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * How nodes are looked for on the local network.
 *
 * @param serviceName what those that belong together ask for
 * @param timeToLive how long others may believe what this node says of itself
 * @param firstInterval from the first question to the second; doubles from then on
 * @param maxInterval longest time between questions
 * @param refreshInterval how often this node looks for network interfaces that came or went
 * @param minAnswerInterval shortest time between two multicast answers on a link, RFC 6762 §6
 * @param maxUnicastAnswers per second and link
 * @param maxPacketSize of what is sent, in bytes without IP and UDP headers
 * @param maxAddresses of one peer, told or believed
 * @param maxPeers found and remembered
 * @param maxDials at once
 * @param maxConnections with how many connections of the host no more peers found are dialled
 * @param firstRetry after what time a peer that is not connected is dialled again; doubles each
 *     time
 * @param maxRetry longest time between dials
 */
public record MdnsConfig(
    String serviceName,
    Duration timeToLive,
    Duration firstInterval,
    Duration maxInterval,
    Duration refreshInterval,
    Duration minAnswerInterval,
    int maxUnicastAnswers,
    int maxPacketSize,
    int maxAddresses,
    int maxPeers,
    int maxDials,
    int maxConnections,
    Duration firstRetry,
    Duration maxRetry) {

  /** The network whose nodes use libp2p's own service name. */
  public static final String DEFAULT_NETWORK = "main";

  private static final String DEFAULT_SERVICE = "_p2p._udp.local";

  /** Bytes of a private network's fingerprint, as go-libp2p takes them. */
  private static final int FINGERPRINT_LENGTH = 16;

  public MdnsConfig {
    requireNonNull(serviceName, "serviceName is null");
    if (serviceName.length() > 128 || !serviceName.matches("(?:_[a-z0-9-]{1,62}\\.){2}local")) {
      throw new IllegalArgumentException(
          "\"" + serviceName + "\" is not the name of a service such as " + DEFAULT_SERVICE);
    }
    Limits.requirePositive(timeToLive, "timeToLive");
    Limits.requirePositive(firstInterval, "firstInterval");
    Limits.requireAtLeast(maxInterval, firstInterval, "maxInterval", "firstInterval");
    Limits.requirePositive(refreshInterval, "refreshInterval");
    Limits.requirePositive(minAnswerInterval, "minAnswerInterval");
    Limits.requirePositive(maxUnicastAnswers, "maxUnicastAnswers");
    Limits.requireAtLeast(maxPacketSize, 512, "maxPacketSize", "the least of any DNS");
    Limits.requirePositive(maxAddresses, "maxAddresses");
    Limits.requirePositive(maxPeers, "maxPeers");
    Limits.requirePositive(maxDials, "maxDials");
    Limits.requirePositive(maxConnections, "maxConnections");
    Limits.requirePositive(firstRetry, "firstRetry");
    Limits.requireAtLeast(maxRetry, firstRetry, "maxRetry", "firstRetry");
  }

  /** For the network {@value #DEFAULT_NETWORK}. */
  public static MdnsConfig defaults() {
    return forNetwork(DEFAULT_NETWORK);
  }

  /**
   * For the network {@code name}: nodes of others do not answer. Its service is {@code _p2p-X},
   * where X is a fingerprint in base 16, as the specification has it for private networks; here
   * that of the name, the start of its SHA-256.
   */
  public static MdnsConfig forNetwork(String name) {
    return new MdnsConfig(
        name.equals(DEFAULT_NETWORK)
            ? DEFAULT_SERVICE
            : "_p2p-" + fingerprint(name) + "._udp.local",
        /* timeToLive= */ Duration.ofMinutes(10),
        /* firstInterval= */ Duration.ofSeconds(1), // RFC 6762 §5.2
        /* maxInterval= */ Duration.ofMinutes(4), // known answers are renewed in their second half
        /* refreshInterval= */ Duration.ofSeconds(5),
        /* minAnswerInterval= */ Duration.ofSeconds(1), // RFC 6762 §6
        /* maxUnicastAnswers= */ 10,
        /* maxPacketSize= */ 1_400,
        /* maxAddresses= */ 8,
        /* maxPeers= */ 1_024,
        /* maxDials= */ 16,
        /* maxConnections= */ 128,
        /* firstRetry= */ Duration.ofSeconds(5),
        /* maxRetry= */ Duration.ofMinutes(5));
  }

  private static String fingerprint(String name) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(Arrays.copyOf(hash, FINGERPRINT_LENGTH));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
