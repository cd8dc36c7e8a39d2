package io.infernet.inference.engine.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.json.JsonConstraint;
import io.infernet.inference.json.JsonConstraint.TokenOrder;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.Golden;
import io.infernet.inference.testing.RecordingListener;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonAnswersTest {

  @TempDir static Path home;

  @Test
  void areJsonWhateverTheModelWouldSay() throws Exception {
    InstalledModel model = TestModels.install("storyteller:fp32", home);
    Vocabulary vocabulary = Vocabulary.read(model.folder());
    TokenOrder order = new TokenOrder(vocabulary);
    int brace = vocabulary.id("}").getAsInt();
    int quote = vocabulary.id("\"").getAsInt();
    try (DjlInferenceEngine engine =
        new DjlInferenceEngine(TestModels.config(home), CheckpointLimits.defaults())) {
      int complete = 0;
      for (int seed = 0; seed < 6; seed++) {
        // The story model knows no JSON: without a push it would not come to an end.
        SamplingParams params =
            new SamplingParams(seed == 0 ? 0 : 1, 0, 1, seed)
                .withFormat(ResponseFormat.JSON_OBJECT)
                .withLogitBias(Map.of(brace, seed % 2 == 0 ? 100.0 : 12.0, quote, 4.0));
        GenerationRequest request =
            GenerationRequest.of(model, Golden.of("storyteller").get(0).ids(), params, 40);
        RecordingListener listener = new RecordingListener();
        engine.generate(request, listener);
        RecordingListener.Answer answer = listener.await();
        TokenIds tokens = answer.tokens();

        JsonConstraint check = new JsonConstraint(order, Set.of());
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = 0; i < tokens.size(); i++) {
          check.accept(tokens.get(i));
          text.writeBytes(vocabulary.bytes(tokens.get(i)));
        }
        String json = text.toString(StandardCharsets.UTF_8);
        assertEquals(
            check.isComplete() ? FinishReason.STOP : FinishReason.LENGTH, answer.reason(), json);
        if (check.isComplete()) {
          complete++;
          assertTrue(new ObjectMapper().readTree(json).isObject(), json);
        }
        for (int cut : new int[] {1, tokens.size() / 2, tokens.size()}) {
          RecordingListener resumed = new RecordingListener();
          engine.generate(request.resumedAfter(tokens.slice(0, cut)), resumed);
          assertEquals(tokens.slice(cut, tokens.size()), resumed.await().tokens(), "after " + cut);
        }
      }
      assertTrue(complete > 0, "no answer came to its end");
      GenerationRequest wrong =
          GenerationRequest.of(
                  model,
                  TokenIds.of(1),
                  SamplingParams.greedy().withFormat(ResponseFormat.JSON_OBJECT),
                  9)
              .resumedAfter(TokenIds.of(quote));
      RecordingListener listener = new RecordingListener();
      engine.generate(wrong, listener);
      assertThrows(Exception.class, listener::await);
    }
  }
}
