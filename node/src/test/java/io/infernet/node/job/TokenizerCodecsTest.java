package io.infernet.node.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.ChatMessage;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a real tokenizer. */
class TokenizerCodecsTest {

  private static final int MAX_CHARS = 4 << 20;

  @TempDir Path home;

  private TextCodec codec() throws Exception {
    InstalledModel model = TestModels.install("storyteller", home);
    assertEquals(512, model.manifest().contextLength());
    return new TokenizerCodecs(
            TestModels.config(home).nativesFolder(),
            MAX_CHARS,
            CheckpointLimits.defaults(),
            Clock.systemUTC())
        .load(model);
  }

  @Test
  void readsLongTextsNoFurtherThanTheModelCould() throws Exception {
    TextCodec codec = codec();
    String text = "a".repeat(MAX_CHARS);

    String refusal = refusal(() -> codec.encode(text));
    assertTrue(
        refusal.matches("the text has more than \\d{4,5} tokens, but storyteller takes 512.*"),
        refusal);
    assertEquals(refusal, refusal(() -> codec.encode(List.of(new ChatMessage("user", text)))));
    assertEquals(refusal, refusal(() -> codec.encodeTyped(text)));
    assertEquals(refusal, refusal(() -> codec.encodePair("a", text)));
  }

  private static String refusal(Runnable call) {
    return assertThrows(ContextLengthExceededException.class, call::run).getMessage();
  }

  @Test
  void countsTheTokensOfTextsThatAreNotLong() throws Exception {
    assertTrue(codec().encode("word ".repeat(1_000)).size() >= 1_000);
  }
}
