package io.infernet.inference.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.libp2p.testing.Property;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonStateTest {

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final List<String> TEXTS =
      List.of("", "a", "日本", "🙂é", "\"\\/\b\f\n\r\t\u0001", "\u2028", "x".repeat(40));

  /** Whether all bytes are taken, and make a whole object if that is asked. */
  private static boolean takes(byte[] bytes, boolean whole) {
    JsonState state = new JsonState();
    for (byte b : bytes) {
      if (state.isDone() || !state.step(b & 0xff)) {
        return false;
      }
    }
    return !whole || state.isDone();
  }

  private static boolean takes(String json) {
    return takes(json.getBytes(StandardCharsets.UTF_8), true);
  }

  static JsonNode value(RandomGenerator random, int depth) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    switch (random.nextInt(depth == 0 ? 6 : 9)) {
      case 0:
        return json.textNode(Property.pick(random, TEXTS));
      case 1:
        return json.numberNode(random.nextInt(2000) - 1000);
      case 2:
        return json.numberNode(random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20));
      case 3:
        return json.booleanNode(random.nextBoolean());
      case 4:
        return json.nullNode();
      case 5:
        return json.numberNode(random.nextLong());
      case 6:
        ArrayNode array = json.arrayNode();
        random.ints(random.nextInt(4)).forEach(i -> array.add(value(random, depth - 1)));
        return array;
      default:
        return object(random, depth - 1);
    }
  }

  static ObjectNode object(RandomGenerator random, int depth) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    for (int i = random.nextInt(4); i > 0; i--) {
      object.set(Property.pick(random, TEXTS) + i, value(random, Math.max(0, depth)));
    }
    return object;
  }

  @Test
  void takesWhatOthersWrite() {
    Property.forAll(
        2000,
        random -> {
          ObjectNode object = object(random, 4);
          String json = random.nextBoolean() ? object.toString() : object.toPrettyString();
          assertTrue(takes(json), json);
          for (int i = 0; i < json.length(); i++) {
            assertFalse(takes(json.substring(0, i)), "not complete yet");
          }
          assertFalse(takes(json + " "), "nothing may follow");
        });
  }

  @Test
  void refusesWhatOthersDoNotRead() {
    Property.forAll(
        20_000,
        random -> {
          byte[] json = object(random, 3).toString().getBytes(StandardCharsets.UTF_8);
          byte[] changed = Property.mutate(random, json);
          if (takes(changed, true)) {
            assertTrue(isObject(changed), new String(changed, StandardCharsets.UTF_8));
          } else {
            assertFalse(
                isObject(changed) && isPlain(changed), new String(changed, StandardCharsets.UTF_8));
          }
        });
  }

  private static boolean isObject(byte[] json) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
      return MAPPER.readTree(text).isObject();
    } catch (CharacterCodingException e) {
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether it has nothing that is refused although it is JSON. */
  private static boolean isPlain(byte[] json) {
    String text = new String(json, StandardCharsets.UTF_8);
    return !text.matches("(?s).*(\\\\u[dD][89a-fA-F]|[\\s\\uFEFF]$).*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{ }",
        " {\"a\":1}",
        "{\"a\":-0.5e+7,\"b\":[1,2,{}]}",
        "{\"a\":\"\\ud83d\\ude42\"}",
        "{\"\\u0041\\uD7FF\\uE000\":0}",
        "{\"a\":[],\"b\":[[]]}",
        "{\n\t\"a\" : true , \"b\":null}"
      })
  void takesJson(String json) {
    assertTrue(takes(json));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "1",
        "\"a\"",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":tru}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{}{}",
        "{\"a\":\"\\ud83d\"}",
        "{\"a\":\"\\ude42\"}",
        "{\"a\":\"\\ud83d\\u0041\"}",
        "{'a':1}"
      })
  void refusesWhatIsNoObject(String json) {
    assertFalse(takes(json));
  }

  @Test
  void refusesBytesThatAreNoText() {
    for (byte[] bytes :
        new byte[][] {
          {(byte) 0x80},
          {(byte) 0xc0, (byte) 0x80},
          {(byte) 0xe0, (byte) 0x80, (byte) 0x80},
          {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
          {(byte) 0xf4, (byte) 0x90, (byte) 0x80},
          {(byte) 0xf5},
          {(byte) 0xff},
          {(byte) 0xe2, (byte) 0x82, '"'}
        }) {
      byte[] json = new byte[bytes.length + 2];
      json[0] = '{';
      json[1] = '"';
      System.arraycopy(bytes, 0, json, 2, bytes.length);
      assertFalse(takes(json, false));
    }
  }

  @Test
  void boundsWhatCouldGoOnForEver() {
    assertTrue(takes("{" + " ".repeat(JsonState.MAX_SPACE) + "}"));
    assertFalse(takes("{" + " ".repeat(JsonState.MAX_SPACE + 1) + "}"));
    assertTrue(takes("{\"a\":" + "1".repeat(JsonState.MAX_NUMBER) + "}"));
    assertFalse(takes("{\"a\":" + "1".repeat(JsonState.MAX_NUMBER + 1) + "}"));
    int deep = JsonState.MAX_DEPTH - 1;
    assertTrue(takes("{\"a\":" + "[".repeat(deep) + "]".repeat(deep) + "}"));
    assertFalse(takes("{\"a\":" + "[".repeat(deep + 1) + "]".repeat(deep + 1) + "}"));
    assertTrue(takes("\n{}"));
    assertFalse(takes("\n\n{}"));
    assertEquals(0, new JsonState().fingerprint());
  }
}
