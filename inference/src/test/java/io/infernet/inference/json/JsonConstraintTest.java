package io.infernet.inference.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.Sampler;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.json.JsonConstraint.TokenOrder;
import io.infernet.inference.testing.TestModels;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.Vocabulary;
import io.infernet.libp2p.testing.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonConstraintTest {

  private static final SamplingParams JSON =
      new SamplingParams(1, 0, 1, 7).withFormat(ResponseFormat.JSON_OBJECT);

  @TempDir static Path home;
  private static Vocabulary vocabulary;
  private static TokenOrder order;

  @BeforeAll
  static void read() throws IOException {
    vocabulary = Vocabulary.read(TestModels.install("tiny-llama3", home).folder());
    order = new TokenOrder(vocabulary);
  }

  private static float[] logits(SplittableRandom random) {
    float[] logits = new float[4096];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) random.nextGaussian() * 3;
      // Marks of structure are likely, so that answers come to their end.
      byte[] bytes = vocabulary.bytes(i);
      logits[i] += bytes.length == 1 && "{}[]\":,".indexOf(bytes[0]) >= 0 ? 9 : 0;
    }
    return logits;
  }

  private static String text(List<Integer> ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ids.forEach(id -> bytes.writeBytes(vocabulary.bytes(id)));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static Sampler sampler(SamplingParams params) {
    return new Sampler(params, TokenIds.of(1), Optional.of(new JsonConstraint(order, Set.of(0))));
  }

  @Test
  void makesNothingButJsonOfAnyLogits() {
    Property.forAll(
        60,
        random -> {
          SplittableRandom model = new SplittableRandom(random.nextLong());
          SamplingParams params =
              new SamplingParams(
                      Property.pick(random, List.of(0.0, 0.7, 1.5)),
                      Property.pick(random, List.of(0, 20)),
                      Property.pick(random, List.of(1.0, 0.9)),
                      random.nextLong())
                  .withPenalties(new Penalties(1.1, 0, 0));
          Sampler sampler = sampler(params);
          List<Integer> ids = new ArrayList<>();
          for (int i = 0; i < 300 && !sampler.isComplete(); i++) {
            ids.add(sampler.sample(logits(model), 0, 4096));
            sampler.accept(ids.get(i));
          }
          String json = text(ids);
          assertTrue(sampler.isComplete() || ids.size() == 300, json);
          if (sampler.isComplete()) {
            assertTrue(new ObjectMapper().readTree(json).isObject(), json);
          }
        });
  }

  @Test
  void allowsATokenWhenAllItsBytesAreAllowed() {
    Property.forAll(
        100,
        random -> {
          byte[] json =
              JsonStateTest.object(random, 3).toPrettyString().getBytes(StandardCharsets.UTF_8);
          JsonState state = new JsonState();
          int cut = random.nextInt(json.length);
          for (int i = 0; i < cut; i++) {
            assertTrue(state.step(json[i] & 0xff));
          }
          long[] allowed = order.allowed(state);
          for (int id = 0; id < 4096; id++) {
            JsonState next = new JsonState();
            next.set(state);
            boolean expected = vocabulary.bytes(id).length > 0;
            for (byte b : vocabulary.bytes(id)) {
              expected = expected && next.step(b & 0xff);
            }
            assertEquals(expected, (allowed[id >> 6] >>> id & 1) == 1, "token " + id);
          }
        });
  }

  @Test
  void goesOnTheSameAfterResumedTokens() {
    List<Integer> whole = new ArrayList<>();
    Sampler sampler = sampler(JSON);
    SplittableRandom model = new SplittableRandom(4);
    List<float[]> logits = new ArrayList<>();
    for (int i = 0; i < 60 && !sampler.isComplete(); i++) {
      logits.add(logits(model));
      whole.add(sampler.sample(logits.get(i), 0, 4096));
      sampler.accept(whole.get(i));
    }
    for (int cut = 0; cut < whole.size(); cut++) {
      Sampler resumed = sampler(JSON);
      whole.subList(0, cut).forEach(resumed::accept);
      assertEquals(whole.get(cut), resumed.sample(logits.get(cut), 0, 4096), "after " + cut);
    }
  }

  @Test
  void neverEndsBeforeTheObjectDoes() {
    float[] logits = new float[4096];
    logits[0] = 100;
    Sampler sampler = sampler(SamplingParams.greedy());
    assertTrue(text(List.of(first(sampler, logits))).matches("\\s*|\\s*\\{.*"));
    Sampler newline =
        new Sampler(
            SamplingParams.greedy(),
            TokenIds.of(1),
            Optional.of(new JsonConstraint(order, Set.of(id("{"), id("\n")))));
    logits[id("\n")] = 100;
    int chosen = newline.sample(logits, 0, 4096);
    assertFalse(Set.of(id("{"), id("\n")).contains(chosen), "token " + chosen);
  }

  private static int first(Sampler sampler, float[] logits) {
    int id = sampler.sample(logits, 0, 4096);
    sampler.accept(id);
    return id;
  }

  private static int id(String text) {
    for (int id = 0; id < 4096; id++) {
      if (new String(vocabulary.bytes(id), StandardCharsets.UTF_8).equals(text)) {
        return id;
      }
    }
    throw new AssertionError("no token " + text);
  }

  @Test
  void refusesAnAnswerSoFarThatIsNoJson() {
    assertThrows(InfernetException.class, () -> sampler(JSON).accept(id("a")));
    assertThrows(InfernetException.class, () -> sampler(JSON).accept(0));
    assertThrows(InfernetException.class, () -> sampler(JSON).accept(99_999));
  }

  @Test
  void readsTheVocabularyWhenItIsNeeded() {
    List<String> read = new ArrayList<>();
    Constraints constraints =
        new Constraints(
            () -> {
              read.add("vocabulary");
              return vocabulary;
            });
    assertTrue(constraints.isReady(SamplingParams.greedy()));
    assertTrue(constraints.of(SamplingParams.greedy(), Set.of()).isEmpty());
    assertEquals(List.of(), read);
    assertFalse(constraints.of(JSON, Set.of()).orElseThrow().isComplete());
    assertTrue(constraints.isReady(JSON));
    constraints.of(JSON, Set.of());
    assertEquals(List.of("vocabulary"), read);
  }

  @Test
  void refusesModelsWhoseTokensAreNoBytes(@TempDir Path folder) throws IOException {
    Path bert = TestModels.install("tiny-bert", home).folder();
    Constraints words = new Constraints(() -> Vocabulary.read(bert));
    assertThrows(UnsupportedModelException.class, () -> words.of(JSON, Set.of()));
    Files.writeString(folder.resolve("tokenizer.json"), "{");
    Constraints damaged = new Constraints(() -> Vocabulary.read(folder));
    assertThrows(InfernetException.class, () -> damaged.of(JSON, Set.of()));
  }
}
