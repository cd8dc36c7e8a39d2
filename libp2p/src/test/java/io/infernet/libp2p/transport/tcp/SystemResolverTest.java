package io.infernet.libp2p.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.libp2p.host.PeerUnavailableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SystemResolverTest {

  private static final long PATIENCE_SECONDS = 60;

  @Test
  void readsTextRecordsFromDns() throws Exception {
    String whole = "dnsaddr=/ip4/192.0.2.1/tcp/4001/p2p/Qm" + "x".repeat(200);
    try (TinyDns dns = new TinyDns(List.of("v=spf1", whole));
        SystemResolver resolver = new SystemResolver(1, dns.url())) {
      List<String> texts = get(resolver.texts("_dnsaddr.known.example"));

      assertEquals(List.of(whole, "v=spf1"), texts.stream().sorted().toList());
      assertEquals(List.of(), get(resolver.texts("_dnsaddr.unknown.example")));
      assertEquals(List.of(), get(resolver.texts("ldap://evil.example/a")));
    }
  }

  @Test
  void saysThatNobodyAnswers() throws Exception {
    int free;
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    try (SystemResolver resolver = new SystemResolver(1, "dns://127.0.0.1:" + free)) {
      CompletableFuture<List<String>> texts = resolver.texts("_dnsaddr.known.example");
      ExecutionException error = assertThrows(ExecutionException.class, () -> get(texts));

      assertInstanceOf(PeerUnavailableException.class, error.getCause());
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** Answers questions for names under {@code known} with TXT records, and knows no other. */
  private static final class TinyDns implements AutoCloseable {
    private static final int HEADER = 12;
    private static final int STRING = 100;
    private final DatagramSocket socket;

    TinyDns(List<String> texts) throws IOException {
      socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      Thread thread = new Thread(() -> serve(texts), "tiny DNS");
      thread.setDaemon(true);
      thread.start();
    }

    String url() {
      return "dns://127.0.0.1:" + socket.getLocalPort();
    }

    private void serve(List<String> texts) {
      byte[] bytes = new byte[512];
      try {
        while (true) {
          DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
          socket.receive(packet);
          byte[] question = Arrays.copyOf(bytes, packet.getLength());
          byte[] answer = answer(question, texts);
          socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        // Closed.
      }
    }

    private static byte[] answer(byte[] question, List<String> texts) {
      boolean known = new String(question, StandardCharsets.ISO_8859_1).contains("\u0005known");
      int end = HEADER;
      while (question[end] != 0) {
        end += question[end] + 1;
      }
      ByteBuffer answer = ByteBuffer.allocate(4_096);
      answer.put(question, 0, 2).putShort((short) (known ? 0x8180 : 0x8183));
      answer.putShort((short) 1).putShort((short) (known ? texts.size() : 0)).putInt(0);
      answer.put(question, HEADER, end + 5 - HEADER);
      for (String text : known ? texts : List.<String>of()) {
        ByteArrayOutputStream strings = new ByteArrayOutputStream();
        for (int from = 0; from < text.length(); from += STRING) {
          byte[] part =
              text.substring(from, Math.min(text.length(), from + STRING))
                  .getBytes(StandardCharsets.US_ASCII);
          strings.write(part.length);
          strings.writeBytes(part);
        }
        answer.putShort((short) (0xc000 | HEADER)).putShort((short) 16).putShort((short) 1);
        answer.putInt(60).putShort((short) strings.size()).put(strings.toByteArray());
      }
      return Arrays.copyOf(answer.array(), answer.position());
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}
