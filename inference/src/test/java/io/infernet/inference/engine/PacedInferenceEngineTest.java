package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.inference.checkpoint.ModelTask;
import io.infernet.inference.testing.FakeInferenceEngine;
import io.infernet.inference.testing.FakeModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.libp2p.simulation.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacedInferenceEngineTest {

  private final VirtualTime time = new VirtualTime();
  private final FakeInferenceEngine fast = new FakeInferenceEngine(time);
  private final PacedInferenceEngine paced = new PacedInferenceEngine(fast, 10, time);
  private final List<String> heard = new ArrayList<>();

  private final TokenListener listener =
      new TokenListener() {
        @Override
        public void onHidden(HiddenStates states) {
          heard.add("hidden states of " + states.tokens());
        }

        @Override
        public void onToken(GeneratedToken token) {
          heard.add("token " + token.index() + " at " + time.nanoTime() / 1_000_000);
        }

        @Override
        public void onFinish(FinishReason reason, Usage usage) {
          heard.add(reason + " after " + usage.completionTokens());
        }

        @Override
        public void onError(Throwable error) {
          heard.add("error " + error.getMessage());
        }
      };

  @Test
  void tokensComeAtTheRateAndTheEndAfterThem() {
    paced.generate(request(3), listener);
    time.advance(Duration.ofSeconds(1));

    assertEquals(
        List.of("token 0 at 1", "token 1 at 101", "token 2 at 201", "LENGTH after 3"), heard);
  }

  @Test
  void slowerEngineIsNotSlowedFurther() {
    fast.script(
        FakeInferenceEngine.Script.defaults()
            .withTimes(Duration.ofMillis(5), Duration.ofMillis(300)));
    paced.generate(request(2), listener);
    time.advance(Duration.ofSeconds(1));

    assertEquals("token 1 at 305", heard.get(1));
  }

  @Test
  void cancelledAnswerEndsOnceWithTheTokensThatWereHeard() {
    Generation generation = paced.generate(request(50), listener);
    time.advance(Duration.ofMillis(150));
    generation.cancel();
    generation.cancel();
    time.advance(Duration.ofSeconds(10));

    assertEquals(List.of("token 0 at 1", "token 1 at 101", "CANCELLED after 2"), heard);
    assertEquals(0, fast.running());
  }

  @Test
  void failureComesAfterTheTokensBeforeIt() {
    fast.script(FakeInferenceEngine.Script.defaults().withFailAfter(1));
    paced.generate(request(5), listener);
    time.advance(Duration.ofSeconds(1));

    assertEquals(List.of("token 0 at 1", "error the script says: fail"), heard);
  }

  @Test
  void hiddenStatesComeWithoutTakingTime() {
    paced.generate(request(1).withHiddenStates(), listener);
    time.advance(Duration.ofSeconds(1));

    assertEquals(List.of("hidden states of 3", "token 0 at 1", "LENGTH after 1"), heard);
  }

  @Test
  void encodingsAreNotHeldBack() {
    EncodingRequest request =
        new EncodingRequest(
            FakeModels.encoder("e", ModelTask.EMBED),
            List.of(TypedTokens.single(TokenIds.of(1, 2, 3))));

    assertEquals(3, paced.encode(request).join().totalTokens());
  }

  @Test
  void rateMustBeAboveZero() {
    assertThrows(IllegalArgumentException.class, () -> new PacedInferenceEngine(fast, 0, time));
  }

  private static GenerationRequest request(int tokens) {
    return GenerationRequest.of(
        FakeModels.installed("m"), TokenIds.of(1, 2, 3), SamplingParams.greedy(), tokens);
  }
}
