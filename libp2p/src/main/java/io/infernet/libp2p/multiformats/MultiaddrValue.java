package io.infernet.libp2p.multiformats;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PeerId;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * How the value of one multiaddr component is written: text to bytes and back. Every byte string
 * that {@link #toText} takes has one text, and {@link #toBytes} gives the same bytes for it.
 */
enum MultiaddrValue {
  NONE(0),
  IP4(4),
  IP6(16),
  /** A port of TCP, UDP and the like. */
  PORT(2),
  /** The length of an IP prefix in bits. */
  PREFIX_LENGTH(1),
  /** A domain name or a zone: printable, no slash. */
  NAME(-1),
  /** A file path; takes the rest of the text. */
  PATH(-1),
  /** An HTTP path, percent-encoded in the text. */
  HTTP_PATH(-1),
  PEER_ID(-1),
  /** A multihash in multibase. */
  CERTIFICATE_HASH(-1),
  /** Ten bytes and a port. */
  ONION(12),
  /** Thirty-five bytes and a port. */
  ONION3(37);

  /** Longest name: RFC 1035 §2.3.4 allows 255 octets on the wire, which is 253 in text. */
  private static final int MAX_NAME_LENGTH = 253;

  private static final int MAX_PREFIX_LENGTH = 128;
  private static final int MAX_PORT = 0xffff;

  /** Besides the unreserved, what a path segment may have unencoded: RFC 3986 §3.3. */
  private static final String SEGMENT_DELIMITERS = "!$&'()*+,;=:@";

  /** Bytes of a value, or -1 when a varint length precedes it. */
  private final int length;

  MultiaddrValue(int length) {
    this.length = length;
  }

  int length() {
    return length;
  }

  /**
   * @throws IllegalArgumentException when the text is no such value
   */
  byte[] toBytes(String text) {
    return switch (this) {
      case NONE -> new byte[0];
      case IP4 -> IpText.parse4(text);
      case IP6 -> IpText.parse6(text);
      case PORT -> portBytes(text);
      case PREFIX_LENGTH -> {
        int bits = IpText.parseDecimal(text, MAX_PREFIX_LENGTH);
        require(bits >= 0, "not a prefix length from 0 to " + MAX_PREFIX_LENGTH);
        yield new byte[] {(byte) bits};
      }
      case NAME -> {
        requireName(text);
        yield utf8(text);
      }
      case PATH -> {
        requirePath(text);
        yield utf8(text);
      }
      case HTTP_PATH -> percentDecode(text);
      case PEER_ID -> PeerId.parse(text).toBytes();
      case CERTIFICATE_HASH -> {
        byte[] bytes = Multibase.decode(text);
        try {
          yield Multihash.fromBytes(bytes).toBytes();
        } catch (ProtocolViolationException e) {
          throw new IllegalArgumentException(e.getMessage(), e);
        }
      }
      case ONION, ONION3 -> {
        int colon = text.indexOf(':');
        require(colon > 0, "not ADDRESS:PORT");
        byte[] address = Multibase.BASE32.decodeWithoutPrefix(text.substring(0, colon));
        byte[] port = portBytes(text.substring(colon + 1));
        require(address.length == length - 2, "not an onion address");
        require(port[0] != 0 || port[1] != 0, "an onion port cannot be 0");
        yield ByteBuffer.allocate(length).put(address).put(port).array();
      }
    };
  }

  /**
   * @throws ProtocolViolationException when the bytes are no such value
   */
  String toText(byte[] bytes) throws ProtocolViolationException {
    try {
      return switch (this) {
        case NONE -> "";
        case IP4 -> IpText.format4(bytes, 0);
        case IP6 -> IpText.format6(bytes);
        case PORT -> portText(bytes, 0);
        case PREFIX_LENGTH -> {
          int bits = bytes[0] & 0xff;
          require(bits <= MAX_PREFIX_LENGTH, "a prefix cannot have " + bits + " bits");
          yield Integer.toString(bits);
        }
        case NAME -> {
          String name = utf8(bytes);
          requireName(name);
          yield name;
        }
        case PATH -> {
          String path = utf8(bytes);
          requirePath(path);
          yield path;
        }
        case HTTP_PATH -> percentEncode(bytes);
        case PEER_ID -> PeerId.fromBytes(bytes).toString();
        case CERTIFICATE_HASH -> Multibase.BASE64URL.encode(Multihash.fromBytes(bytes).toBytes());
        case ONION, ONION3 -> {
          byte[] address = Arrays.copyOf(bytes, length - 2);
          String port = portText(bytes, length - 2);
          require(!port.equals("0"), "an onion port cannot be 0");
          yield Multibase.BASE32.encodeWithoutPrefix(address) + ":" + port;
        }
      };
    } catch (IllegalArgumentException e) {
      throw new ProtocolViolationException(e.getMessage(), e);
    }
  }

  private static byte[] portBytes(String text) {
    int port = IpText.parseDecimal(text, MAX_PORT);
    require(port >= 0, "not a port from 0 to " + MAX_PORT);
    return new byte[] {(byte) (port >>> 8), (byte) port};
  }

  private static String portText(byte[] bytes, int offset) {
    return Integer.toString((bytes[offset] & 0xff) << 8 | (bytes[offset + 1] & 0xff));
  }

  private static void requireName(String name) {
    require(!name.isEmpty(), "name is empty");
    require(name.length() <= MAX_NAME_LENGTH, "name is longer than " + MAX_NAME_LENGTH);
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      require(
          c != '/' && !Character.isISOControl(c) && !Character.isWhitespace(c),
          "name has a slash, space or control character");
    }
  }

  private static void requirePath(String path) {
    require(
        path.length() > 1 && path.startsWith("/") && !path.endsWith("/"),
        "path is empty, not absolute or ends in a slash");
    require(path.chars().noneMatch(Character::isISOControl), "path has a control character");
  }

  private static String percentEncode(byte[] bytes) {
    require(bytes.length > 0, "path is empty");
    StringBuilder text = new StringBuilder();
    for (byte b : bytes) {
      char c = (char) (b & 0xff);
      if (isUnreserved(c)) {
        text.append(c);
      } else {
        text.append(String.format("%%%02X", (int) c));
      }
    }
    return text.toString();
  }

  private static byte[] percentDecode(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        int high = i + 2 < text.length() ? hexDigit(text.charAt(i + 1)) : -1;
        int low = i + 2 < text.length() ? hexDigit(text.charAt(i + 2)) : -1;
        require(high >= 0 && low >= 0, "% is not followed by two hex digits");
        bytes.write(high << 4 | low);
        i += 2;
      } else {
        require(
            isUnreserved(c) || SEGMENT_DELIMITERS.indexOf(c) >= 0, "path is not percent-encoded");
        bytes.write(c);
      }
    }
    require(bytes.size() > 0, "path is empty");
    return bytes.toByteArray();
  }

  private static int hexDigit(char c) {
    return c < 128 ? Character.digit(c, 16) : -1;
  }

  /** RFC 3986 §2.3. */
  private static boolean isUnreserved(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "-._~".indexOf(c) >= 0;
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("text is not valid Unicode", e);
    }
  }

  private static String utf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("text is not UTF-8", e);
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
