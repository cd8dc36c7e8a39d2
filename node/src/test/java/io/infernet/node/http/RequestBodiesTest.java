package io.infernet.node.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RequestBodiesTest {

  private static final int MAX_BYTES = 200_000;

  private final RequestBodies bodies =
      new RequestBodies(MAX_BYTES, new ObjectMapper(), Duration.ZERO);

  private static InputStream text(int length) {
    String body = "\"" + "x".repeat(length - 2) + "\"";
    return new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
  }

  private int read(int length) throws InterruptedException {
    return bodies.read(text(length), node -> node.asText().length() + 2);
  }

  @Test
  void readsBodiesUpToTheLimit() throws InterruptedException {
    for (int length :
        List.of(2, RequestBodies.SMALL, RequestBodies.SMALL + 1, MAX_BYTES - 1, MAX_BYTES)) {
      assertEquals(length, read(length));
    }
    assertEquals(413, refused(MAX_BYTES + 1).status());
  }

  private ApiException refused(int length) {
    return assertThrows(ApiException.class, () -> read(length));
  }

  @Test
  void fewLargeBodiesAreInMemoryAtOnce() throws Exception {
    CountDownLatch reading = new CountDownLatch(RequestBodies.MAX_LARGE);
    CountDownLatch goOn = new CountDownLatch(1);
    List<CompletableFuture<Void>> readers = new ArrayList<>();
    for (int i = 0; i < RequestBodies.MAX_LARGE; i++) {
      readers.add(CompletableFuture.runAsync(() -> readSlowly(reading, goOn), this::inThread));
    }
    assertTrue(reading.await(60, TimeUnit.SECONDS));

    assertEquals(429, refused(MAX_BYTES).status());
    assertEquals(100, read(100));
    goOn.countDown();
    readers.forEach(CompletableFuture::join);
    assertEquals(MAX_BYTES, read(MAX_BYTES));
  }

  private void inThread(Runnable task) {
    new Thread(task).start();
  }

  private void readSlowly(CountDownLatch reading, CountDownLatch goOn) {
    try {
      bodies.read(
          text(MAX_BYTES),
          node -> {
            reading.countDown();
            try {
              return goOn.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void clientThatBreaksOffIsNoError() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("early EOF");
          }
        };
    assertThrows(
        CompletionHandler.ResponseOverException.class, () -> bodies.read(broken, node -> node));
  }
}
