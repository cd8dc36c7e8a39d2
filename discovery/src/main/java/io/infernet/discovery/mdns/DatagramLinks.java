package io.infernet.discovery.mdns;

import io.infernet.libp2p.transport.tcp.InterfaceAddresses;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The links of this machine: a socket for each interface and each of IPv4 and IPv6, all on the port
 * of mDNS, which they share with whoever else is on it. Loopback is one of them, so that nodes of
 * one machine find each other where there is no network. One daemon thread reads them all.
 */
final class DatagramLinks implements MulticastLinks {

  private static final Logger LOG = LoggerFactory.getLogger(DatagramLinks.class);

  /** More interfaces than a machine has that people use. */
  private static final int MAX_LINKS = 32;

  /** Packets must not have come through a router, RFC 6762 §11. */
  private static final int HOPS = 255;

  private static final InetAddress GROUP_4 = group("224.0.0.251");
  private static final InetAddress GROUP_6 = group("ff02::fb");

  // Guarded by this.
  private final Map<Key, DatagramLink> links = new LinkedHashMap<>();
  private final Set<String> told = new HashSet<>();
  private @Nullable Selector selector;
  private boolean closed;

  private record Key(int interfaceIndex, ProtocolFamily family) {}

  /** One socket. */
  private static final class DatagramLink implements MulticastLink {
    private final DatagramChannel channel;
    private final String name;
    private final InetSocketAddress group;
    private final boolean loopback;
    private volatile List<LinkAddress> addresses = List.of();

    DatagramLink(DatagramChannel channel, String name, InetAddress group, boolean loopback) {
      this.channel = channel;
      this.name = name;
      this.group = new InetSocketAddress(group, MdnsDiscovery.PORT);
      this.loopback = loopback;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public List<LinkAddress> addresses() {
      return addresses;
    }

    @Override
    public boolean loopback() {
      return loopback;
    }

    @Override
    public void multicast(ByteBuffer packet) {
      unicast(group, packet);
    }

    @Override
    public void unicast(InetSocketAddress to, ByteBuffer packet) {
      try {
        channel.send(packet.duplicate(), to);
      } catch (IOException e) {
        LOG.debug("cannot send to {} on {}: {}", to, name, e.getMessage());
      }
    }

    void close() {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("closing {}: {}", name, e.getMessage());
      }
    }
  }

  @Override
  public synchronized void start(Receiver receiver) {
    try {
      Selector opened = Selector.open();
      selector = opened;
      Thread thread = new Thread(() -> read(opened, receiver), "mdns links");
      thread.setDaemon(true);
      thread.start();
    } catch (IOException e) {
      LOG.warn("multicast DNS is not available: {}", e.getMessage());
    }
  }

  private static void read(Selector selector, Receiver receiver) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MdnsDiscovery.MAX_PACKET);
    try {
      while (true) {
        selector.select(key -> receive(key, buffer, receiver));
      }
    } catch (ClosedSelectorException e) {
      LOG.debug("the links are closed");
    } catch (IOException e) {
      LOG.warn("multicast DNS hears nothing any more: {}", e.getMessage());
    }
  }

  private static void receive(SelectionKey key, ByteBuffer buffer, Receiver receiver) {
    DatagramLink link = (DatagramLink) key.attachment();
    try {
      buffer.clear();
      if (link.channel.receive(buffer) instanceof InetSocketAddress source) {
        receiver.onPacket(link, source, buffer.flip());
      }
    } catch (IOException e) {
      LOG.debug("cannot read {}: {}", link.name, e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("a packet on {} could not be handled", link.name, e);
    }
  }

  @Override
  public synchronized List<MulticastLink> refresh() {
    if (closed || selector == null) {
      return List.of();
    }
    Set<Key> present = new HashSet<>();
    try {
      for (NetworkInterface card : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        if (isUsable(card)) {
          look(card, present);
        }
      }
    } catch (SocketException e) {
      LOG.debug("the network interfaces cannot be listed: {}", e.getMessage());
      return List.copyOf(links.values());
    }
    links
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = !present.contains(entry.getKey());
              if (gone) {
                entry.getValue().close();
              }
              return gone;
            });
    return List.copyOf(links.values());
  }

  private static boolean isUsable(NetworkInterface card) throws SocketException {
    return card.isUp()
        && (card.supportsMulticast() || card.isLoopback())
        && !InterfaceAddresses.isVirtual(card.getName());
  }

  private void look(NetworkInterface card, Set<Key> present) throws SocketException {
    List<LinkAddress> addresses = new ArrayList<>();
    for (InterfaceAddress address : card.getInterfaceAddresses()) {
      addresses.add(new LinkAddress(address.getAddress(), address.getNetworkPrefixLength()));
    }
    for (StandardProtocolFamily family :
        List.of(StandardProtocolFamily.INET, StandardProtocolFamily.INET6)) {
      boolean ip4 = family == StandardProtocolFamily.INET;
      boolean has = addresses.stream().anyMatch(a -> ip4 == a.ip() instanceof Inet4Address);
      // There is no multicast over loopback with IPv6, on Linux at least.
      if (!has || (card.isLoopback() && !ip4)) {
        continue;
      }
      Key key = new Key(card.getIndex(), family);
      DatagramLink link = links.get(key);
      if (link == null && links.size() < MAX_LINKS) {
        link = open(card, family);
      }
      if (link != null) {
        link.addresses = List.copyOf(addresses);
        links.put(key, link);
        present.add(key);
      }
    }
  }

  private @Nullable DatagramLink open(NetworkInterface card, StandardProtocolFamily family)
      throws SocketException {
    boolean ip4 = family == StandardProtocolFamily.INET;
    InetAddress group = ip4 ? GROUP_4 : GROUP_6;
    String name = card.getName() + (ip4 ? " (IPv4)" : " (IPv6)");
    DatagramChannel channel = null;
    try {
      channel = DatagramChannel.open(family);
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true);
      channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, HOPS);
      channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, card);
      channel.bind(new InetSocketAddress(ip4 ? "0.0.0.0" : "::", MdnsDiscovery.PORT));
      channel.join(group, card);
      channel.configureBlocking(false);
      DatagramLink link = new DatagramLink(channel, name, group, card.isLoopback());
      Selector reader = selector;
      if (reader != null) {
        channel.register(reader, SelectionKey.OP_READ, link);
        reader.wakeup();
      }
      told.remove(name);
      return link;
    } catch (IOException e) {
      if (told.add(name)) {
        LOG.warn(
            "no multicast DNS on {}: {}; trying again as long as this node runs",
            name,
            e.getMessage());
      }
      if (channel != null) {
        try {
          channel.close();
        } catch (IOException ignored) {
          LOG.debug("a socket that could not be opened could not be closed either", ignored);
        }
      }
      return null;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    links.values().forEach(DatagramLink::close);
    links.clear();
    if (selector != null) {
      try {
        selector.close();
      } catch (IOException e) {
        LOG.debug("closing the selector: {}", e.getMessage());
      }
    }
  }

  private static InetAddress group(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address was taken for a name", e);
    }
  }
}
