package io.infernet.discovery.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.infernet.libp2p.testing.TestIdentities;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MessageIdFunctionTest {

  @Test
  void putsTheNumberBehindTheAuthorByDefault() {
    PublishedMessage message = GossipSamples.signed(1, "topic", "data");
    byte[] author = TestIdentities.peerId(1).toBytes();
    byte[] id = MessageIdFunction.DEFAULT.idOf(message).toBytes();

    assertArrayEquals(author, Arrays.copyOf(id, author.length));
    assertArrayEquals(message.sequence(), Arrays.copyOfRange(id, author.length, id.length));
  }

  @Test
  void makesTheIdsThatJsMakes() throws Exception {
    for (String author : JsVectors.AUTHORS) {
      PublishedMessage message =
          GossipSamples.CODEC
              .decode(ByteBuffer.wrap(JsVectors.bytes(author + ".rpc")))
              .messages()
              .get(0);
      assertArrayEquals(
          JsVectors.bytes(author + ".id"), MessageIdFunction.PUBLIC_KEY.idOf(message).toBytes());
    }
  }

  @Test
  void hashesTheContent() {
    MessageId one = MessageIdFunction.CONTENT.idOf(GossipSamples.signed(1, "topic", "abc"));
    assertEquals(one, MessageIdFunction.CONTENT.idOf(GossipSamples.signed(2, "other", "abc")));
    assertNotEquals(one, MessageIdFunction.CONTENT.idOf(GossipSamples.signed(1, "topic", "abd")));
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", one.toString());
  }

  @Test
  void namesMessagesWithoutAnAuthorToo() {
    PublishedMessage bare = PublishedMessage.of(null, null, null, "t", null, null);
    assertEquals(0, MessageIdFunction.DEFAULT.idOf(bare).length());
    assertEquals(0, MessageIdFunction.PUBLIC_KEY.idOf(bare).length());
  }
}
