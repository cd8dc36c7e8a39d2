package io.infernet.libp2p.multiformats;

import java.util.Arrays;

/**
 * IP addresses as text, without the look-ups and leniency of {@link java.net.InetAddress}: dotted
 * quads without leading zeros, and IPv6 read as RFC 4291 §2.2 and written as RFC 5952.
 */
final class IpText {

  private static final int IP6_LENGTH = 16;

  private IpText() {}

  static byte[] parse4(String text) {
    String[] octets = text.length() <= 15 ? text.split("\\.", -1) : new String[0];
    byte[] ip = new byte[4];
    boolean valid = octets.length == 4;
    for (int i = 0; valid && i < 4; i++) {
      int octet = parseDecimal(octets[i], 255);
      valid = octet >= 0 && (octets[i].length() == 1 || octets[i].charAt(0) != '0');
      ip[i] = (byte) octet;
    }
    if (!valid) {
      throw new IllegalArgumentException("not an IPv4 address");
    }
    return ip;
  }

  static String format4(byte[] ip, int offset) {
    return (ip[offset] & 0xff)
        + "."
        + (ip[offset + 1] & 0xff)
        + "."
        + (ip[offset + 2] & 0xff)
        + "."
        + (ip[offset + 3] & 0xff);
  }

  static byte[] parse6(String text) {
    byte[] ip = new byte[IP6_LENGTH];
    int filled = 0;
    int gap = -1;
    int position = 0;
    if (text.startsWith("::")) {
      gap = 0;
      position = 2;
    }
    while (position < text.length()) {
      int end = text.indexOf(':', position);
      end = end < 0 ? text.length() : end;
      String group = text.substring(position, end);
      if (group.indexOf('.') >= 0) {
        requireIp6(end == text.length() && filled <= IP6_LENGTH - 4);
        System.arraycopy(parse4(group), 0, ip, filled, 4);
        filled += 4;
        break;
      }
      requireIp6(filled < IP6_LENGTH && group.matches("[0-9a-fA-F]{1,4}"));
      int value = Integer.parseInt(group, 16);
      ip[filled++] = (byte) (value >>> 8);
      ip[filled++] = (byte) value;
      position = end + 1;
      requireIp6(position != text.length());
      if (position < text.length() && text.charAt(position) == ':') {
        requireIp6(gap < 0);
        gap = filled;
        position++;
      }
    }
    if (gap < 0) {
      requireIp6(filled == IP6_LENGTH);
      return ip;
    }
    requireIp6(filled < IP6_LENGTH);
    byte[] expanded = new byte[IP6_LENGTH];
    System.arraycopy(ip, 0, expanded, 0, gap);
    System.arraycopy(ip, gap, expanded, IP6_LENGTH - (filled - gap), filled - gap);
    return expanded;
  }

  static String format6(byte[] ip) {
    if (isMappedIp4(ip)) {
      return "::ffff:" + format4(ip, 12);
    }
    int longestStart = -1;
    int longest = 1;
    for (int start = 0; start < 8; start++) {
      int end = start;
      while (end < 8 && group(ip, end) == 0) {
        end++;
      }
      if (end - start > longest) {
        longest = end - start;
        longestStart = start;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == longestStart) {
        text.append("::");
        i += longest - 1;
      } else {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(Integer.toHexString(group(ip, i)));
      }
    }
    return text.toString();
  }

  /** Whether 16 bytes are ::ffff:0:0/96, RFC 4291 §2.5.5.2. */
  static boolean isMappedIp4(byte[] ip) {
    return Arrays.equals(ip, 0, 10, new byte[10], 0, 10)
        && ip[10] == (byte) 0xff
        && ip[11] == (byte) 0xff;
  }

  /** The number that up to five ASCII digits write, or -1 when it is none or above the limit. */
  static int parseDecimal(String text, int max) {
    if (text.isEmpty() || text.length() > 5) {
      return -1;
    }
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value <= max ? value : -1;
  }

  private static int group(byte[] ip, int index) {
    return (ip[2 * index] & 0xff) << 8 | (ip[2 * index + 1] & 0xff);
  }

  private static void requireIp6(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException("not an IPv6 address");
    }
  }
}
