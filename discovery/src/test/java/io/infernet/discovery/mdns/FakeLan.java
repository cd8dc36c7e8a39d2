package io.infernet.discovery.mdns;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.simulation.VirtualTime;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A network cable in memory: what one sends comes to all, the sender too, a millisecond later. */
final class FakeLan {

  /** What was sent, by whom, and to whom; null: to all. */
  record Sent(InetAddress from, @Nullable InetSocketAddress to, MdnsMessage message) {}

  private final VirtualTime time;
  private final List<Port> ports = new ArrayList<>();
  private final List<Sent> sent = new ArrayList<>();
  private final MdnsCodec codec = new MdnsCodec(MdnsDiscovery.MAX_PACKET);

  FakeLan(VirtualTime time) {
    this.time = time;
  }

  List<Sent> sent() {
    return sent;
  }

  /** The links of a machine with one card on this network, which has a network of 8 bits. */
  Port plug(String ip) {
    Port port = new Port(address(ip));
    ports.add(port);
    return port;
  }

  /** Sends to all as a program would that is no node of ours. */
  void inject(InetSocketAddress source, ByteBuffer packet) {
    deliver(source, null, packet);
  }

  private void deliver(
      InetSocketAddress source, @Nullable InetSocketAddress to, ByteBuffer packet) {
    byte[] copy = new byte[packet.remaining()];
    packet.duplicate().get(copy);
    try {
      sent.add(new Sent(source.getAddress(), to, codec.decode(ByteBuffer.wrap(copy))));
    } catch (ProtocolViolationException e) {
      // Sent on purpose by a test.
    }
    time.schedule(
        Duration.ofMillis(1),
        () -> {
          for (Port port : List.copyOf(ports)) {
            if (to == null || port.ip.equals(to.getAddress())) {
              port.receive(source, ByteBuffer.wrap(copy));
            }
          }
        });
  }

  static InetAddress address(String ip) {
    try {
      return InetAddress.getByName(ip);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** One machine's end. */
  final class Port implements MulticastLinks, MulticastLink {
    private final InetAddress ip;
    private MulticastLinks.@Nullable Receiver receiver;
    boolean plugged = true;

    private Port(InetAddress ip) {
      this.ip = ip;
    }

    private void receive(InetSocketAddress source, ByteBuffer packet) {
      if (plugged && receiver != null) {
        receiver.onPacket(this, source, packet);
      }
    }

    @Override
    public void start(Receiver to) {
      receiver = to;
    }

    @Override
    public List<MulticastLink> refresh() {
      return plugged ? List.of(this) : List.of();
    }

    @Override
    public void close() {
      ports.remove(this);
    }

    @Override
    public String name() {
      return "fake " + ip;
    }

    @Override
    public List<LinkAddress> addresses() {
      return List.of(new LinkAddress(ip, 8));
    }

    @Override
    public boolean loopback() {
      return false;
    }

    @Override
    public void multicast(ByteBuffer packet) {
      if (plugged) {
        deliver(new InetSocketAddress(ip, MdnsDiscovery.PORT), null, packet);
      }
    }

    @Override
    public void unicast(InetSocketAddress to, ByteBuffer packet) {
      if (plugged) {
        deliver(new InetSocketAddress(ip, MdnsDiscovery.PORT), to, packet);
      }
    }
  }
}
