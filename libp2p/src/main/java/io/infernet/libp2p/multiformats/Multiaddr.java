package io.infernet.libp2p.multiformats;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.io.ByteArrayOutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A network address that says how to use it, such as {@code /ip4/192.0.2.1/tcp/4001/p2p/Qm…}. An
 * immutable value; two are equal when their binary forms are. The empty address is {@code /}.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/addressing/README.md">libp2p
 *     addressing</a>
 */
public final class Multiaddr {

  /** Longest binary form; a circuit address with certificate hashes needs about 300 bytes. */
  public static final int MAX_LENGTH = 1024;

  /** Longest text form; every binary form within {@link #MAX_LENGTH} fits. */
  public static final int MAX_TEXT_LENGTH = 4096;

  /** Most components. */
  public static final int MAX_COMPONENTS = 20;

  /**
   * One step of an address.
   *
   * @param value as in the text form; empty where the protocol has none
   */
  public record Component(MultiaddrProtocol protocol, String value) {
    @Override
    public String toString() {
      return switch (protocol.value()) {
        case NONE -> "/" + protocol.text();
        case PATH -> "/" + protocol.text() + value;
        default -> "/" + protocol.text() + "/" + value;
      };
    }
  }

  private final List<Component> components;
  private final byte[] bytes;

  private Multiaddr(List<Component> components, byte[] bytes) {
    this.components = List.copyOf(components);
    this.bytes = bytes;
  }

  /**
   * Reads the text form; slashes at its end are ignored.
   *
   * @throws IllegalArgumentException with a message for the user when it is not an address
   */
  public static Multiaddr parse(String text) {
    Objects.requireNonNull(text, "text is null");
    if (text.length() > MAX_TEXT_LENGTH) {
      throw new IllegalArgumentException(
          "not a multiaddr: " + text.length() + " characters, at most " + MAX_TEXT_LENGTH);
    }
    try {
      if (!text.startsWith("/")) {
        throw new IllegalArgumentException("it does not start with /");
      }
      return ofComponents(parseComponents(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not a multiaddr: \"" + text + "\": " + e.getMessage(), e);
    }
  }

  /**
   * Reads the binary form.
   *
   * @throws ProtocolViolationException when it is malformed, too large or has a protocol that is
   *     not a {@link MultiaddrProtocol}
   */
  public static Multiaddr fromBytes(byte[] bytes) throws ProtocolViolationException {
    if (bytes.length > MAX_LENGTH) {
      throw new ProtocolViolationException(
          "multiaddr has " + bytes.length + " bytes, at most " + MAX_LENGTH);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    List<Component> components = new ArrayList<>();
    while (buffer.hasRemaining()) {
      if (components.size() == MAX_COMPONENTS) {
        throw new ProtocolViolationException(
            "multiaddr has more than " + MAX_COMPONENTS + " components");
      }
      MultiaddrProtocol protocol = MultiaddrProtocol.ofCode(Varint.decode(buffer));
      int fixed = protocol.value().length();
      long length = fixed >= 0 ? fixed : Varint.decode(buffer);
      if (length > buffer.remaining()) {
        throw new ProtocolViolationException("multiaddr is cut short in " + protocol);
      }
      byte[] value = new byte[(int) length];
      buffer.get(value);
      components.add(new Component(protocol, protocol.value().toText(value)));
    }
    if (isPathFollowed(components)) {
      throw new ProtocolViolationException("multiaddr goes on after a path");
    }
    return new Multiaddr(components, bytes.clone());
  }

  /** The IP address (link-local ones with their zone) or name and the TCP port of a socket. */
  public static Multiaddr fromSocketAddress(InetSocketAddress address) {
    List<Component> components = new ArrayList<>();
    InetAddress ip = address.getAddress();
    if (ip == null) {
      components.add(new Component(MultiaddrProtocol.DNS, address.getHostString()));
    } else if (ip instanceof Inet6Address ip6) {
      zone(ip6).ifPresent(z -> components.add(new Component(MultiaddrProtocol.IP6ZONE, z)));
      components.add(new Component(MultiaddrProtocol.IP6, IpText.format6(ip.getAddress())));
    } else {
      components.add(new Component(MultiaddrProtocol.IP4, IpText.format4(ip.getAddress(), 0)));
    }
    components.add(new Component(MultiaddrProtocol.TCP, Integer.toString(address.getPort())));
    return ofComponents(components);
  }

  public List<Component> components() {
    return components;
  }

  /** The value of the first component with this protocol. */
  public Optional<String> component(MultiaddrProtocol protocol) {
    return components.stream()
        .filter(component -> component.protocol() == protocol)
        .map(Component::value)
        .findFirst();
  }

  public boolean has(MultiaddrProtocol protocol) {
    return component(protocol).isPresent();
  }

  public boolean isEmpty() {
    return components.isEmpty();
  }

  /**
   * This address followed by {@code inner}.
   *
   * @throws IllegalArgumentException when the result is too large, or this ends in a path
   */
  public Multiaddr encapsulate(Multiaddr inner) {
    List<Component> all = new ArrayList<>(components);
    all.addAll(inner.components);
    return ofComponents(all);
  }

  /**
   * This address ending in {@code /p2p/peer}; itself when it does already.
   *
   * @throws IllegalArgumentException when it ends in another peer or a path, or is too large
   */
  public Multiaddr withPeer(PeerId peer) {
    Optional<PeerId> present = peerId();
    if (present.isPresent() && !present.get().equals(peer)) {
      throw new IllegalArgumentException(this + " is an address of another peer than " + peer);
    }
    if (present.isPresent()) {
      return this;
    }
    List<Component> all = new ArrayList<>(components);
    all.add(new Component(MultiaddrProtocol.P2P, peer.toString()));
    return ofComponents(all);
  }

  /** This address without a {@code /p2p} at its end; empty when that is all it was. */
  public Multiaddr withoutPeer() {
    return peerId().isPresent() ? ofComponents(components.subList(0, components.size() - 1)) : this;
  }

  /** The peer that the address ends in; a relay in the middle does not count. */
  public Optional<PeerId> peerId() {
    if (components.isEmpty()) {
      return Optional.empty();
    }
    Component last = components.get(components.size() - 1);
    return last.protocol() == MultiaddrProtocol.P2P
        ? Optional.of(PeerId.parse(last.value()))
        : Optional.empty();
  }

  /** The IP address or name that the address starts with. */
  public Optional<String> host() {
    return hostComponent().map(Component::value);
  }

  /** The IP address that the address starts with, for counting and filtering. */
  public Optional<InetAddress> ip() {
    byte[] ip = ipBytes();
    if (ip == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByAddress(ip));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an IP address has 4 or 16 bytes", e);
    }
  }

  private byte @Nullable [] ipBytes() {
    if (bytes.length > 4 && bytes[0] == MultiaddrProtocol.IP4.code()) {
      return Arrays.copyOfRange(bytes, 1, 5); // the one that servers see most, without a detour
    }
    return hostComponent()
        .filter(Multiaddr::isIp)
        .map(host -> host.protocol().value().toBytes(host.value()))
        .orElse(null);
  }

  /** The port of the first {@code /tcp}. */
  public OptionalInt tcpPort() {
    Optional<String> port = component(MultiaddrProtocol.TCP);
    return port.isPresent() ? OptionalInt.of(Integer.parseInt(port.get())) : OptionalInt.empty();
  }

  /** How far the host that the address starts with can be reached. */
  public AddressScope scope() {
    byte[] ip = ipBytes();
    return ip != null
        ? AddressScope.ofIp(ip)
        : host().map(AddressScope::ofName).orElse(AddressScope.NAME);
  }

  public byte[] toBytes() {
    return bytes.clone();
  }

  @Override
  public String toString() {
    if (components.isEmpty()) {
      return "/";
    }
    StringBuilder text = new StringBuilder();
    components.forEach(text::append);
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Multiaddr that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  private static List<Component> parseComponents(String text) {
    int length = text.length();
    while (length > 0 && text.charAt(length - 1) == '/') {
      length--;
    }
    List<Component> components = new ArrayList<>();
    int position = 0;
    while (position < length) {
      int end = segmentEnd(text, position + 1, length);
      MultiaddrProtocol protocol = MultiaddrProtocol.ofText(text.substring(position + 1, end));
      position = end;
      String value = "";
      if (protocol.value() == MultiaddrValue.PATH) {
        value = text.substring(position, length);
        position = length;
      } else if (protocol.value() != MultiaddrValue.NONE) {
        if (position == length) {
          throw new IllegalArgumentException("/" + protocol + " needs a value");
        }
        end = segmentEnd(text, position + 1, length);
        value = text.substring(position + 1, end);
        position = end;
      }
      components.add(new Component(protocol, value));
    }
    return components;
  }

  private static int segmentEnd(String text, int start, int length) {
    int slash = text.indexOf('/', start);
    return slash < 0 || slash > length ? length : slash;
  }

  /** Encodes the components, and brings their values into canonical form. */
  private static Multiaddr ofComponents(List<Component> components) {
    if (components.size() > MAX_COMPONENTS) {
      throw new IllegalArgumentException("more than " + MAX_COMPONENTS + " components");
    }
    if (isPathFollowed(components)) {
      throw new IllegalArgumentException("nothing can follow a path");
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    List<Component> canonical = new ArrayList<>(components.size());
    for (Component component : components) {
      MultiaddrProtocol protocol = component.protocol();
      try {
        byte[] value = protocol.value().toBytes(component.value());
        canonical.add(new Component(protocol, protocol.value().toText(value)));
        bytes.writeBytes(Varint.encode(protocol.code()));
        if (protocol.value().length() < 0) {
          bytes.writeBytes(Varint.encode(value.length));
        }
        bytes.writeBytes(value);
      } catch (IllegalArgumentException | ProtocolViolationException e) {
        throw new IllegalArgumentException(component + ": " + e.getMessage(), e);
      }
    }
    if (bytes.size() > MAX_LENGTH) {
      throw new IllegalArgumentException(bytes.size() + " bytes, at most " + MAX_LENGTH);
    }
    return new Multiaddr(canonical, bytes.toByteArray());
  }

  /** In text a path takes all that follows, so what followed it could not be told from it. */
  private static boolean isPathFollowed(List<Component> components) {
    return components.stream()
        .limit(Math.max(0, components.size() - 1))
        .anyMatch(component -> component.protocol().value() == MultiaddrValue.PATH);
  }

  private Optional<Component> hostComponent() {
    int index =
        !components.isEmpty() && components.get(0).protocol() == MultiaddrProtocol.IP6ZONE ? 1 : 0;
    if (index >= components.size()) {
      return Optional.empty();
    }
    Component component = components.get(index);
    return switch (component.protocol()) {
      case IP4, IP6, DNS, DNS4, DNS6, DNSADDR -> Optional.of(component);
      default -> Optional.empty();
    };
  }

  private static boolean isIp(Component component) {
    return component.protocol() == MultiaddrProtocol.IP4
        || component.protocol() == MultiaddrProtocol.IP6;
  }

  /** Linux gives the addresses of an interface its zone even where it means nothing. */
  private static Optional<String> zone(Inet6Address ip) {
    if (!ip.isLinkLocalAddress()) {
      return Optional.empty();
    }
    NetworkInterface networkInterface = ip.getScopedInterface();
    if (networkInterface != null) {
      return Optional.of(networkInterface.getName());
    }
    return ip.getScopeId() > 0 ? Optional.of(Integer.toString(ip.getScopeId())) : Optional.empty();
  }
}
