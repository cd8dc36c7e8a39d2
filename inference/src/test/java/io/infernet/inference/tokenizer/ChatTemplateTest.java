package io.infernet.inference.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.InfernetException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ChatTemplateTest {

  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-26T08:09:10Z"), ZoneOffset.UTC);

  static Stream<Arguments> cases() throws IOException {
    try (InputStream in = ChatTemplateTest.class.getResourceAsStream("chat_templates.json")) {
      JsonNode all = new ObjectMapper().readTree(in);
      return StreamSupport.stream(all.path("cases").spliterator(), false)
          .map(
              test ->
                  Arguments.of(
                      test.path("template").asText(),
                      all.path("templates").path(test.path("template").asText()).asText(),
                      test));
    }
  }

  @ParameterizedTest(name = "{0} {index}")
  @MethodSource("cases")
  void rendersAsPythonsJinjaDoes(String name, String template, JsonNode test) {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : test.path("messages")) {
      messages.add(
          new ChatMessage(message.path("role").asText(), message.path("content").asText()));
    }
    ChatTemplate chat =
        new ChatTemplate(template, Map.of("bos_token", "<s>", "eos_token", "</s>"), CLOCK);
    boolean prompt = test.path("add_generation_prompt").asBoolean();
    if (test.has("error")) {
      InfernetException error =
          assertThrows(InfernetException.class, () -> chat.render(messages, prompt));
      assertTrue(error.getMessage().endsWith(test.path("error").asText()), error.getMessage());
    } else {
      assertEquals(test.path("text").asText(), chat.render(messages, prompt));
    }
  }
}
