package io.infernet.discovery.interop;

import com.fasterxml.jackson.databind.JsonNode;
import io.infernet.discovery.mdns.MdnsConfig;
import io.infernet.discovery.mdns.MdnsDiscovery;
import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.interop.CommandLoop;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.testing.HostConfigBuilder;
import io.infernet.libp2p.testing.LoopbackNetwork;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A peer on the local network that does as it is told, the same as {@code
 * scripts/interop/mdns-peer.mjs}.
 */
public final class MdnsPeer {

  private static final int EVENT_QUEUE = 4_096;

  private final LoopbackNetwork network = new LoopbackNetwork();
  private final List<Services> hosts = new CopyOnWriteArrayList<>();

  private record Services(NettyHost host, MdnsDiscovery mdns) {}

  private MdnsPeer() {}

  /** Obeys until stdin ends. */
  public static void main(String[] args) throws IOException {
    CommandLoop commands = new CommandLoop();
    MdnsPeer peer = new MdnsPeer();
    commands.put("host", peer::host);
    commands.put("found", peer::found);
    commands.put("connections", peer::connections);
    commands.put("stop", peer::stop);
    commands.run();
  }

  /** {@code network} is its name, {@code listen} an address. */
  private synchronized Object host(JsonNode parameters) throws Exception {
    SecureRandom random = new SecureRandom();
    Multiaddr listen = Multiaddr.parse(parameters.get("listen").asText());
    NettyHost host =
        network.unstarted(
            PrivateKey.generate(KeyType.SECP256K1, random),
            HostConfigBuilder.with(config -> config.listen = List.of(listen)));
    host.start().get();
    MdnsDiscovery mdns =
        new MdnsDiscovery(
            host,
            MdnsConfig.forNetwork(parameters.get("network").asText()),
            new EventThread("mdns", EVENT_QUEUE),
            network.scheduler(),
            Ticker.system(),
            random);
    mdns.start();
    hosts.add(new Services(host, mdns));
    return Map.of(
        "host", hosts.size() - 1,
        "peer", host.peerId().toString(),
        "addresses", host.listenAddresses().stream().map(Object::toString).toList());
  }

  /** The addresses of each peer found. */
  private Object found(JsonNode parameters) throws Exception {
    Map<String, List<String>> found = new LinkedHashMap<>();
    for (PeerInfo peer : of(parameters).mdns().found().get()) {
      found.put(peer.id().toString(), peer.addresses().stream().map(Object::toString).toList());
    }
    return found;
  }

  private Object connections(JsonNode parameters) {
    return of(parameters).host().connections().stream()
        .map(connection -> connection.remotePeer().toString())
        .toList();
  }

  private Object stop(JsonNode parameters) {
    of(parameters).mdns().close();
    of(parameters).host().close();
    return Map.of();
  }

  private Services of(JsonNode parameters) {
    return hosts.get(parameters.get("host").asInt());
  }
}
