package io.infernet.libp2p.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.infernet.libp2p.transport.tcp.AcceptLimiter.Answer.Admitted;
import io.infernet.libp2p.transport.tcp.AcceptLimiter.Answer.Refused;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class AcceptLimiterTest {

  /** 6 in all, 4 from one address; 3 half open in all, 2 from one address. */
  private final AcceptLimiter limiter =
      new AcceptLimiter(new TcpConfig(10, 6, 4, 3, 2, 1000, 1000, 1024));

  @Test
  void limitsHandshakesByAddressAndOverall() {
    admit("192.0.2.1");
    Admitted second = admit("192.0.2.1");
    refuse("192.0.2.1", "more than 2 handshakes from one address");
    admit("192.0.2.2");
    refuse("192.0.2.3", "more than 3 handshakes");

    second.handshakeDone();
    admit("192.0.2.3");
    assertEquals(3, limiter.halfOpen());
  }

  @Test
  void limitsConnectionsByAddressAndOverall() {
    for (int i = 0; i < 4; i++) {
      admit("192.0.2.1").handshakeDone();
    }
    refuse("192.0.2.1", "more than 4 connections from one address");
    admit("192.0.2.2").handshakeDone();
    Admitted last = admit("192.0.2.2");
    last.handshakeDone();
    refuse("192.0.2.3", "more than 6 connections");

    last.closed();
    admit("192.0.2.3");
  }

  @Test
  void countsAnIpv6NetworkAsOneAddress() {
    admit("2001:db8:1:2::1");
    admit("2001:db8:1:2:ffff::2");
    refuse("2001:db8:1:2::3", "more than 2 handshakes from one address");
    admit("2001:db8:1:3::1");
  }

  @Test
  void countsEachEndOnce() {
    Admitted one = admit("192.0.2.1");
    Admitted other = admit("192.0.2.1");

    one.handshakeDone();
    one.handshakeDone();
    one.closed();
    one.closed();
    assertEquals(1, limiter.open());
    assertEquals(1, limiter.halfOpen());

    other.closed();
    assertEquals(0, limiter.open());
    assertEquals(0, limiter.halfOpen());
  }

  private Admitted admit(String ip) {
    return assertInstanceOf(Admitted.class, limiter.ask(address(ip)));
  }

  private void refuse(String ip, String reason) {
    assertEquals(new Refused(reason), limiter.ask(address(ip)));
  }

  private static InetAddress address(String ip) {
    try {
      return InetAddress.getByName(ip);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(ip, e);
    }
  }
}
