package io.infernet.discovery.mdns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Over the loopback of this machine. */
class DatagramLinksTest {

  private static final long PATIENCE_SECONDS = 30;

  @Test
  void severalProgramsShareThePortAndAllHearWhatOneSays() throws InterruptedException {
    try (DatagramLinks one = new DatagramLinks();
        DatagramLinks two = new DatagramLinks()) {
      String said = UUID.randomUUID().toString();
      LinkedBlockingQueue<MulticastLink> atOne = listen(one, said);
      LinkedBlockingQueue<MulticastLink> atTwo = listen(two, said);
      MulticastLink link = loopback(one);
      MulticastLink other = loopback(two);

      link.multicast(ByteBuffer.wrap(said.getBytes(StandardCharsets.UTF_8)));

      assertSame(link, atOne.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
      assertSame(other, atTwo.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
  }

  @Test
  void aLinkThatStaysIsTheSameObject() {
    try (DatagramLinks links = new DatagramLinks()) {
      links.start((link, source, packet) -> {});
      List<MulticastLink> before = links.refresh();

      assertEquals(before, links.refresh());
      links.close();
      assertEquals(List.of(), links.refresh());
    }
  }

  private static LinkedBlockingQueue<MulticastLink> listen(DatagramLinks links, String text) {
    LinkedBlockingQueue<MulticastLink> received = new LinkedBlockingQueue<>();
    links.start(
        (link, source, packet) -> {
          if (link.loopback() && text.contentEquals(StandardCharsets.UTF_8.decode(packet))) {
            assertTrue(link.reaches(source.getAddress()));
            received.add(link);
          }
        });
    return received;
  }

  private static MulticastLink loopback(DatagramLinks links) {
    @Nullable MulticastLink found = null;
    for (MulticastLink link : links.refresh()) {
      if (link.loopback()) {
        found = link;
      }
    }
    assumeTrue(found != null, "loopback cannot multicast here");
    assertNotNull(found);
    return found;
  }
}
