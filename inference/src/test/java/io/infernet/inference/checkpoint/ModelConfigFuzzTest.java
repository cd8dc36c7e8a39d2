package io.infernet.inference.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.testing.TinyConfigs;
import io.infernet.libp2p.testing.Property;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a {@code config.json} says: a configuration that holds together, or a clear refusal. */
class ModelConfigFuzzTest {

  /** Beyond what any model has, and no burden. */
  private static final int MOST_TENSORS = 400_000;

  private static final List<String> ODD =
      List.of(
          "null",
          "0",
          "-1",
          "1",
          "3",
          "1000000000",
          "16777216",
          "1e308",
          "1e-308",
          "0.5",
          "true",
          "false",
          "\"\"",
          "\"x\"",
          "[]",
          "[1]",
          "{}",
          "{\"type\":\"yarn\"}",
          "{\"rope_type\":\"longrope\"}",
          "99999999999999999999");

  static Stream<byte[]> configs() {
    return Stream.concat(
        TinyConfigs.names().stream().map(TinyConfigs::of),
        KnownDims.names().stream().map(KnownDims::config));
  }

  @MethodSource("configs")
  @FuzzTest
  void readsOrRefuses(byte @NotNull [] json) {
    ModelConfig config;
    try {
      config = ModelConfig.of(BoundedJson.parse(json, "fuzz"));
    } catch (DamagedModelException | UnsupportedModelException e) {
      return;
    }
    AttentionConfig attention = config.attention();
    assertEquals(0, attention.heads() % attention.kvHeads());
    assertTrue(attention.scale() > 0 && Double.isFinite(attention.scale()));
    assertTrue(config.contextLength() > 0);
    assertTrue(config.layers().size() <= 1_024);
    for (RopeConfig rope : config.ropes()) {
      assertTrue(rope.dims() <= attention.headDim());
      for (float frequency : rope.frequencies()) {
        assertTrue(frequency >= 0 && Float.isFinite(frequency), rope::toString);
      }
      assertTrue(rope.magnitude() >= 0 && Double.isFinite(rope.magnitude()), rope::toString);
    }
    List<TensorSpec> tensors = config.tensors().all();
    assertTrue(tensors.size() <= MOST_TENSORS);
    assertTrue(config.tensors().parameters() > 0);
    assertEquals(tensors.size(), tensors.stream().map(TensorSpec::name).distinct().count());
  }

  @Test
  void readsOrRefusesWhenBytesChange() {
    byte[][] seeds = configs().toArray(byte[][]::new);
    Property.forAll(
        3_000,
        random -> readsOrRefuses(Property.mutate(random, seeds[random.nextInt(seeds.length)])));
  }

  @Test
  void readsOrRefusesOddValuesInEveryField() {
    for (String name : TinyConfigs.names()) {
      JsonNode config = BoundedJson.parse(TinyConfigs.of(name), name);
      for (JsonNode parent : parents(config)) {
        for (String odd : ODD) {
          JsonNode value = BoundedJson.parse(utf8("{\"odd\":" + odd + "}"), odd).path("odd");
          if (parent instanceof ObjectNode object) {
            for (String field : fields(object)) {
              JsonNode before = object.replace(field, value);
              readsOrRefuses(utf8(config.toString()));
              object.replace(field, before);
            }
          } else if (parent instanceof ArrayNode array && !array.isEmpty()) {
            JsonNode before = array.get(0);
            array.set(0, value);
            readsOrRefuses(utf8(config.toString()));
            array.set(0, before);
          }
        }
      }
    }
  }

  private static List<String> fields(ObjectNode object) {
    List<String> fields = new ArrayList<>();
    object.fieldNames().forEachRemaining(fields::add);
    return fields;
  }

  private static List<JsonNode> parents(JsonNode node) {
    List<JsonNode> parents = new ArrayList<>();
    if (node.isContainerNode()) {
      parents.add(node);
      node.forEach(child -> parents.addAll(parents(child)));
    }
    return parents;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
