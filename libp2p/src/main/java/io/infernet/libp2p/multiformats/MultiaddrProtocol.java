package io.infernet.libp2p.multiformats;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a component of a {@link Multiaddr} can be; codes and names from the <a
 * href="https://github.com/multiformats/multiaddr/blob/master/protocols.csv">table of
 * protocols</a>. Left out are {@code memory}, {@code garlic32} and {@code garlic64}, which nothing
 * here could dial or pass on.
 */
public enum MultiaddrProtocol {
  IP4(4, MultiaddrValue.IP4),
  TCP(6, MultiaddrValue.PORT),
  DCCP(33, MultiaddrValue.PORT),
  IP6(41, MultiaddrValue.IP6),
  /** The zone of the {@link #IP6} component that follows, RFC 4007. */
  IP6ZONE(42, MultiaddrValue.NAME),
  IPCIDR(43, MultiaddrValue.PREFIX_LENGTH),
  DNS(53, MultiaddrValue.NAME),
  DNS4(54, MultiaddrValue.NAME),
  DNS6(55, MultiaddrValue.NAME),
  /** Addresses listed in TXT records. */
  DNSADDR(56, MultiaddrValue.NAME),
  SCTP(132, MultiaddrValue.PORT),
  UDP(273, MultiaddrValue.PORT),
  P2P_WEBRTC_STAR(275, MultiaddrValue.NONE),
  P2P_WEBRTC_DIRECT(276, MultiaddrValue.NONE),
  P2P_STARDUST(277, MultiaddrValue.NONE),
  WEBRTC_DIRECT(280, MultiaddrValue.NONE),
  WEBRTC(281, MultiaddrValue.NONE),
  /** Through the relay named before to the peer named after. */
  P2P_CIRCUIT(290, MultiaddrValue.NONE),
  UDT(301, MultiaddrValue.NONE),
  UTP(302, MultiaddrValue.NONE),
  UNIX(400, MultiaddrValue.PATH),
  /** The peer at the address; its old name {@code ipfs} is understood and never written. */
  P2P(421, MultiaddrValue.PEER_ID),
  HTTPS(443, MultiaddrValue.NONE),
  ONION(444, MultiaddrValue.ONION),
  ONION3(445, MultiaddrValue.ONION3),
  TLS(448, MultiaddrValue.NONE),
  SNI(449, MultiaddrValue.NAME),
  NOISE(454, MultiaddrValue.NONE),
  QUIC(460, MultiaddrValue.NONE),
  QUIC_V1(461, MultiaddrValue.NONE),
  WEBTRANSPORT(465, MultiaddrValue.NONE),
  CERTHASH(466, MultiaddrValue.CERTIFICATE_HASH),
  WS(477, MultiaddrValue.NONE),
  WSS(478, MultiaddrValue.NONE),
  P2P_WEBSOCKET_STAR(479, MultiaddrValue.NONE),
  HTTP(480, MultiaddrValue.NONE),
  HTTP_PATH(481, MultiaddrValue.HTTP_PATH);

  private static final Map<Long, MultiaddrProtocol> BY_CODE =
      Arrays.stream(values()).collect(Collectors.toMap(p -> (long) p.code, Function.identity()));
  private static final Map<String, MultiaddrProtocol> BY_NAME =
      Arrays.stream(values()).collect(Collectors.toMap(p -> p.text, Function.identity()));

  private final int code;
  private final String text;
  private final MultiaddrValue value;

  MultiaddrProtocol(int code, MultiaddrValue value) {
    this.code = code;
    this.text = name().toLowerCase(Locale.ROOT).replace('_', '-');
    this.value = value;
  }

  /** The number in the binary form. */
  public int code() {
    return code;
  }

  /** The name in the text form. */
  public String text() {
    return text;
  }

  MultiaddrValue value() {
    return value;
  }

  static MultiaddrProtocol ofCode(long code) throws ProtocolViolationException {
    MultiaddrProtocol protocol = BY_CODE.get(code);
    if (protocol == null) {
      throw new ProtocolViolationException("unknown protocol code " + code);
    }
    return protocol;
  }

  static MultiaddrProtocol ofText(String text) {
    MultiaddrProtocol protocol = text.equals("ipfs") ? P2P : BY_NAME.get(text);
    if (protocol == null) {
      throw new IllegalArgumentException("unknown protocol \"" + text + "\"");
    }
    return protocol;
  }

  @Override
  public String toString() {
    return text;
  }
}
