package io.infernet.libp2p.protocol.identify;

import io.infernet.libp2p.host.Limits;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.time.Duration;
import java.util.List;

/**
 * What this node says of itself, and the limits on what it listens to.
 *
 * @param agentVersion program and version
 * @param protocolVersion the family of protocols, with version
 * @param announce addresses by which others reach this node, in addition to those it listens on
 * @param maxAddresses of this node that are told; the first ones
 * @param observation when to tell addresses that only others can see
 * @param maxMessageSize largest message in bytes
 * @param maxMessages messages that one answer may be cut into
 * @param timeout longest wait for an answer
 * @param refreshInterval how often this node looks whether what it says has changed and is to be
 *     pushed
 */
public record IdentifyConfig(
    String agentVersion,
    String protocolVersion,
    List<Multiaddr> announce,
    int maxAddresses,
    ObservationConfig observation,
    int maxMessageSize,
    int maxMessages,
    Duration timeout,
    Duration refreshInterval) {

  /** Longest version text, so that the message fits its limit whatever the settings. */
  private static final int MAX_TEXT = 256;

  public IdentifyConfig {
    announce = List.copyOf(announce);
    requireShort(agentVersion, "agentVersion");
    requireShort(protocolVersion, "protocolVersion");
    Limits.requirePositive(maxAddresses, "maxAddresses");
    Limits.requirePositive(maxMessageSize, "maxMessageSize");
    Limits.requirePositive(maxMessages, "maxMessages");
    Limits.requirePositive(timeout, "timeout");
    Limits.requirePositive(refreshInterval, "refreshInterval");
  }

  /** The usual limits: 8 KiB a message as js-libp2p has it, 10 messages as go-libp2p. */
  public static IdentifyConfig defaults(String agentVersion, String protocolVersion) {
    return new IdentifyConfig(
        agentVersion,
        protocolVersion,
        List.of(),
        32,
        ObservationConfig.defaults(),
        8 * 1024,
        10,
        Duration.ofSeconds(10),
        Duration.ofSeconds(5));
  }

  private static void requireShort(String text, String name) {
    if (text.length() > MAX_TEXT) {
      throw new IllegalArgumentException(
          name + " has " + text.length() + " characters, at most " + MAX_TEXT);
    }
  }
}
