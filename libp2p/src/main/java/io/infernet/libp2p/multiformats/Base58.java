package io.infernet.libp2p.multiformats;

/** Base58 with Bitcoin's alphabet and without a checksum, as peer ids are written. */
public final class Base58 {

  private static final BaseX CODEC =
      new BaseX("base58", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz");

  private Base58() {}

  public static String encode(byte[] bytes) {
    return CODEC.encode(bytes);
  }

  /**
   * Decodes at most 512 characters.
   *
   * @throws IllegalArgumentException when the text is longer or has a character outside the
   *     alphabet
   */
  public static byte[] decode(String text) {
    return CODEC.decode(text);
  }
}
