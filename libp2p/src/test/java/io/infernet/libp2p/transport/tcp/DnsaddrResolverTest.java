package io.infernet.libp2p.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.host.PeerUnavailableException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class DnsaddrResolverTest {

  private static final PeerId ONE = TestIdentities.peerId(1);
  private static final PeerId TWO = TestIdentities.peerId(2);
  private static final String AT_ONE = "/ip4/192.0.2.1/tcp/4001/p2p/" + ONE;
  private static final String AT_TWO = "/dns4/two.example/tcp/4001/p2p/" + TWO;

  private final Map<String, List<String>> records = new LinkedHashMap<>();
  private final List<String> asked = new ArrayList<>();

  @Test
  void takesAllAddressesOfAList() {
    put("list.example", "dnsaddr=" + AT_ONE, "dnsaddr=" + AT_TWO);

    assertEquals(List.of(AT_ONE, AT_TWO), resolve("/dnsaddr/list.example"));
    assertEquals(List.of("_dnsaddr.list.example"), asked);
  }

  @Test
  void takesOnlyThoseOfThePeerAskedFor() {
    put("list.example", "dnsaddr=" + AT_ONE, "dnsaddr=" + AT_TWO, "dnsaddr=/ip4/192.0.2.9/tcp/1");

    assertEquals(List.of(AT_TWO), resolve("/dnsaddr/list.example/p2p/" + TWO));
  }

  @Test
  void followsNamesThatReferToNames() {
    put(
        "list.example",
        "dnsaddr=/dnsaddr/one.example/p2p/" + ONE,
        "dnsaddr=/dnsaddr/two.example/p2p/" + TWO);
    put("one.example", "dnsaddr=" + AT_ONE);
    put("two.example", "dnsaddr=" + AT_TWO);

    assertEquals(List.of(AT_ONE, AT_TWO), resolve("/dnsaddr/list.example"));
    asked.clear();
    assertEquals(List.of(AT_ONE), resolve("/dnsaddr/list.example/p2p/" + ONE));
    assertEquals(
        List.of("_dnsaddr.list.example", "_dnsaddr.one.example"), asked, "not the other one");
  }

  @Test
  void leavesOutWhatItDoesNotUnderstand() {
    put("list.example", "v=spf1", "dnsaddr=", "dnsaddr=/nonsense/1", "dnsaddr=" + AT_ONE);

    assertEquals(List.of(AT_ONE), resolve("/dnsaddr/list.example"));
  }

  @Test
  void goesRoundNoCircle() {
    put("a.example", "dnsaddr=/dnsaddr/b.example", "dnsaddr=" + AT_ONE);
    put("b.example", "dnsaddr=/dnsaddr/a.example", "dnsaddr=" + AT_TWO);

    assertEquals(List.of(AT_TWO, AT_ONE), resolve("/dnsaddr/a.example").stream().sorted().toList());
    assertEquals(2, asked.size());
  }

  @Test
  void goesNoDeeperAndNoWiderThanAllowed() {
    for (int i = 0; i < 10; i++) {
      put("n" + i + ".example", "dnsaddr=/dnsaddr/n" + (i + 1) + ".example");
    }
    assertInstanceOf(PeerUnavailableException.class, failure("/dnsaddr/n0.example"));
    assertEquals(4, asked.size());
    asked.clear();

    String[] wide = new String[100];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = "dnsaddr=/dnsaddr/w" + i + ".example";
    }
    put("wide.example", wide);
    assertInstanceOf(PeerUnavailableException.class, failure("/dnsaddr/wide.example"));
    assertEquals(32, asked.size());

    String[] many = new String[1_000];
    for (int i = 0; i < many.length; i++) {
      many[i] = "dnsaddr=/ip4/192.0.2.1/tcp/" + (i + 1) + "/p2p/" + ONE;
    }
    put("many.example", many);
    assertEquals(128, resolve("/dnsaddr/many.example").size());
  }

  @Test
  void saysWhyThereIsNothing() {
    assertTrue(failure("/dnsaddr/nobody.example").getMessage().contains("nobody.example"));

    AddressResolver without =
        name -> CompletableFuture.completedFuture(List.of(InetAddress.getLoopbackAddress()));
    CompletableFuture<?> result =
        new DnsaddrResolver(without, DnsaddrConfig.defaults())
            .resolve(Multiaddr.parse("/dnsaddr/a.example"));
    CompletionException error = assertThrows(CompletionException.class, result::join);
    assertTrue(error.getCause().getMessage().contains("no DNS"), error.getCause().getMessage());
  }

  @Test
  void limitsMustBePositive() {
    assertEquals(new DnsaddrConfig(4, 32, 128), DnsaddrConfig.defaults());
    assertThrows(IllegalArgumentException.class, () -> new DnsaddrConfig(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new DnsaddrConfig(1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new DnsaddrConfig(1, 1, 0));
  }

  private void put(String name, String... texts) {
    records.put("_dnsaddr." + name, Arrays.asList(texts));
  }

  private CompletableFuture<List<Multiaddr>> look(String address) {
    AddressResolver names =
        new AddressResolver() {
          @Override
          public CompletableFuture<List<InetAddress>> resolve(String name) {
            throw new AssertionError("asked for the addresses of " + name);
          }

          @Override
          public CompletableFuture<List<String>> texts(String name) {
            asked.add(name);
            return CompletableFuture.completedFuture(records.getOrDefault(name, List.of()));
          }
        };
    return new DnsaddrResolver(names, DnsaddrConfig.defaults()).resolve(Multiaddr.parse(address));
  }

  private List<String> resolve(String address) {
    return look(address).join().stream().map(Multiaddr::toString).toList();
  }

  private Throwable failure(String address) {
    CompletableFuture<?> result = look(address);
    return assertThrows(CompletionException.class, result::join).getCause();
  }
}
