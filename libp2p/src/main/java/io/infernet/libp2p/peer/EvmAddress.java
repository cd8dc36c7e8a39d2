package io.infernet.libp2p.peer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** An account of an EVM chain, written with the checksum of EIP-55. An immutable value. */
public final class EvmAddress {

  /** Bytes of an address. */
  public static final int LENGTH = 20;

  private final byte[] bytes;

  private EvmAddress(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The account that a secp256k1 key controls.
   *
   * @throws IllegalArgumentException when the key is of another type
   */
  public static EvmAddress of(PublicKey key) {
    return new EvmAddress(Secp256k1.address(key));
  }

  /**
   * @throws IllegalArgumentException unless there are 20 bytes
   */
  public static EvmAddress fromBytes(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("an EVM address has 20 bytes, not " + bytes.length);
    }
    return new EvmAddress(bytes.clone());
  }

  /**
   * Reads {@code 0x} and 40 hex digits; where they mix upper and lower case, that is the checksum.
   *
   * @throws IllegalArgumentException with a message for the user when it is no address
   */
  public static EvmAddress parse(String text) {
    if (!text.matches("0x[0-9a-fA-F]{40}")) {
      throw new IllegalArgumentException("not an EVM address: it needs 0x and 40 hex digits");
    }
    String digits = text.substring(2);
    EvmAddress address = new EvmAddress(HexFormat.of().parseHex(digits));
    boolean oneCase =
        digits.equals(digits.toLowerCase(Locale.ROOT))
            || digits.equals(digits.toUpperCase(Locale.ROOT));
    if (!oneCase && !address.toString().equals(text)) {
      throw new IllegalArgumentException(
          "not an EVM address: its upper and lower case show a typing error");
    }
    return address;
  }

  public byte[] toBytes() {
    return bytes.clone();
  }

  /** {@code 0x} and 40 hex digits, upper case where the hash of the text says so (EIP-55). */
  @Override
  public String toString() {
    String digits = HexFormat.of().formatHex(bytes);
    String hash =
        HexFormat.of().formatHex(Secp256k1.keccak256(digits.getBytes(StandardCharsets.US_ASCII)));
    StringBuilder text = new StringBuilder("0x");
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      text.append(hash.charAt(i) >= '8' ? Character.toUpperCase(digit) : digit);
    }
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EvmAddress that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
