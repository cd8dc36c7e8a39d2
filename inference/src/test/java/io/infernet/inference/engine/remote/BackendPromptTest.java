package io.infernet.inference.engine.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.infernet.inference.InfernetException;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendPromptTest {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  @Test
  void travelsAsTheCodePointsOfAJsonObject() {
    BackendPrompt prompt =
        BackendPrompt.chat(List.of(ChatMessage.system("a \"b\"\n"), ChatMessage.user("äöü 🦊")))
            .with(Map.of("temperature", JSON.numberNode(0.5), "seed", JSON.numberNode(-7L)));

    assertEquals(prompt.toString(), BackendPrompt.decode(prompt.encode()).toString());
    assertTrue(CodePoints.text(BackendPrompt.text("x").encode()).startsWith("{\"prompt\":\"x\""));
  }

  @Test
  void refusesParametersThatItDoesNotKnowByName() {
    InfernetException error =
        assertThrows(
            InfernetException.class,
            () -> BackendPrompt.decode(CodePoints.ids("{\"prompt\":\"x\",\"tools\":[{\"a\":1}]}")));
    assertEquals("models of backends take no parameter 'tools'", error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "7",
        "{}",
        "{\"prompt\":\"x\"} {}",
        "{\"prompt\":7}",
        "{\"prompt\":\"x\",\"prompt\":\"y\"}",
        "{\"prompt\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"y\"}]}",
        "{\"messages\":[]}",
        "{\"messages\":{}}",
        "{\"messages\":[{\"role\":\"user\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":[]}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"y\",\"tool_calls\":[]}]}",
        "{\"prompt\":\"x\",\"temperature\":-1}",
        "{\"prompt\":\"x\",\"temperature\":\"hot\"}",
        "{\"prompt\":\"x\",\"top_k\":1.5}",
        "{\"prompt\":\"x\",\"seed\":1e99}",
        "{\"prompt\":\"x\",\"stop\":\"a\"}",
        "{\"prompt\":\"x\",\"stop\":[\"\"]}",
        "{\"prompt\":\"x\",\"stream\":false}",
        "{\"prompt\":\"x\",\"model\":\"another\"}",
      })
  void refusesEverythingElse(String json) {
    assertThrows(InfernetException.class, () -> BackendPrompt.decode(CodePoints.ids(json)));
  }

  @Test
  void takesAllParametersThatItKnows() {
    String json =
        "{\"prompt\":\"x\",\"temperature\":1,\"top_p\":0.9,\"top_k\":5,\"min_p\":0.1,"
            + "\"repetition_penalty\":1.1,\"presence_penalty\":-1,\"frequency_penalty\":0.5,"
            + "\"seed\":9,\"stop\":[\"a\"],\"response_format\":{\"type\":\"json_object\"}}";
    JsonNode body = BackendPrompt.decode(CodePoints.ids(json)).request(BackendKind.LLAMA_CPP);
    assertEquals(1.1, body.path("repeat_penalty").asDouble());
    assertEquals(11, body.size());
  }

  @Test
  void makesReplacementCharactersOfWhatIsNone() {
    assertEquals("\uFFFD\uFFFDa", CodePoints.text(TokenIds.of(0xD800, 0x7FFF_FFFF, 'a')));
    assertEquals(TokenIds.of(0xFFFD, 'b'), CodePoints.ids("\uD800b"));
    assertEquals(1 + 2 + 3 + 4, CodePoints.utf8Length(CodePoints.ids("aä€🦊")));
  }
}
