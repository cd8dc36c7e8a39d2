package io.infernet.inference.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.libp2p.testing.Property;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {

  private static final Map<String, Object> VARIABLES =
      Map.of(
          "messages",
          List.of(turn("user", "hi"), turn("assistant", "yo"), turn("user", "bye")),
          "bos_token",
          "<s>",
          "eos_token",
          "</s>",
          "add_generation_prompt",
          true);

  private static Map<String, Object> turn(String role, String content) {
    Map<String, Object> turn = new java.util.LinkedHashMap<>();
    turn.put("role", role);
    turn.put("content", content);
    return turn;
  }

  private static String render(String template) {
    return JinjaTemplate.parse(template, JinjaLimits.defaults()).render(VARIABLES, Map.of());
  }

  /** What Python's Jinja makes of these was computed with Python's Jinja. */
  static Stream<Arguments> cases() throws IOException {
    try (InputStream in = JinjaTemplateTest.class.getResourceAsStream("jinja.json")) {
      return StreamSupport.stream(new ObjectMapper().readTree(in).spliterator(), false)
          .map(test -> Arguments.of(test.path("template").asText(), test));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void rendersAsPythonsJinjaDoes(String template, JsonNode test) {
    if (test.has("error")) {
      assertThrows(JinjaException.class, () -> render(template));
    } else {
      assertEquals(test.path("text").asText(), render(template));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'x' * 1000000000000 }}",
        "{{ [1] * 100000000 }}",
        "{% for i in range(1000000000) %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% for i in range(900) %}{{ 'x' * 100000 }}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 'a' | center(2000000000) }}",
        "{{ 'a' | indent(2000000000) }}",
        "{{ '%2000000000d' % 1 }}",
        "{{ 'a'.zfill(2000000000) }}",
        "{{ [1] | tojson(indent=2000000000) }}",
        "{{ ('a' * 9999).replace('', 'a' * 9999) }}",
        "{{ ('a' * 9999).join(('b' * 9999) | list) }}",
        "{{ range(9999) | batch(100000000, 0) | list }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 2 ** 1000000000 }}",
        "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns | tojson }}",
        // Hashing would take for ever.
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ {}.get(ns.x) }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ {ns.x: 1} }}",
        // So would these one after the other, each for the price of a step.
        ROUNDS + "{% set ns.x = [ns.x, many | list] %}" + END,
        ROUNDS + "{% set ns.x = [ns.x, many | reverse] %}" + END,
        ROUNDS + "{% set x = dict(pairs) %}" + END,
        ROUNDS + "{% set x = many | sum %}" + END,
        ROUNDS + "{% set x = joiner(*many) %}" + END,
        ROUNDS + "{% set x = big | upper %}" + END,
        ROUNDS + "{% set x = big | length %}" + END,
        ROUNDS + "{% set x = big | wordcount %}" + END,
        ROUNDS + "{% set x = big.startswith(big) %}" + END,
        ROUNDS + "{% set x = big.partition('b') %}" + END,
        ROUNDS + "{% set x = big.isascii() %}" + END,
        ROUNDS + "{% set x = big.islower() %}" + END,
        ROUNDS + "{% set x = [big, 'b'] | sort %}" + END,
        ROUNDS + "{% set x = big % () %}" + END,
        ROUNDS + "{% set x = messages[0][big] %}{% set x = big.format() %}" + END,
        "{% set big = 'a' * 4000000 %}{{ big.strip('b' * 4000000 ~ 'a') }}",
        "{% set big = 'a' * 8000000 %}{{ ('a' * 4000000 ~ 'b') in big }}",
        "{% set big = 'a' * 8000000 %}{{ big.replace('a' * 4000000 ~ 'b', '') }}",
        "{% set big = 'a' * 8000000 %}{{ big.split('a' * 4000000 ~ 'b') }}",
        "{{ [] * 2147483647 + [[]] * 2147483647 }}",
        "{{ range(0, 9223372036854775807, 9223372036854775) | list | length ~ range(99999999) }}"
      })
  void endsTemplatesThatAskForTooMuch(String template) {
    JinjaException error = assertThrows(JinjaException.class, () -> render(template));
    assertTrue(error.getMessage().length() < 1_100, "a long message");
  }

  private static final String ROUNDS =
      "{% set ns = namespace(x=1) %}{% set many = range(100000) | list %}"
          + "{% set pairs = [[1, 2]] * 100000 %}{% set big = 'a' * 1000000 %}"
          + "{% for i in range(3000) %}{% for j in range(1000) %}";

  private static final String END = "{% endfor %}{% endfor %}";

  @Test
  void keepsRefusalsShort() {
    JinjaException error =
        assertThrows(JinjaException.class, () -> render("{{ raise_exception('x' * 10000000) }}"));
    assertTrue(error.isRefusal());
    assertEquals(1_001, error.getMessage().length());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1_", "0x1_", "1.5_", "1e1_"})
  void readsLongNumbers(String digits) {
    assertThrows(
        JinjaException.class,
        () -> render("{{ " + digits.repeat(1) + "1_".repeat(200_000) + "1 }} {{ 1 + }}"));
    assertEquals("1000001 255 1.5", render("{{ 1_000_001 }} {{ 0x_f_f }} {{ 1_0.5 / 7 }}"));
  }

  @Test
  void countsAsPythonDoes() {
    assertEquals(
        "[0, 9223372036854775806]",
        render("{{ range(0, 9223372036854775807, 9223372036854775806) | list }}"));
    assertEquals("[3, 1]", render("{{ range(3, -1, -2) | list }}"));
    assertEquals("[][]", render("{{ range(3, 3) | list }}{{ range(3, 2) | list }}"));
    assertEquals(
        "[2, 1, 0][2][0][]",
        render(
            "{% set x = [0, 1, 2] %}{{ x[::-1] }}{{ x[::-9] }}{{ x[:2:9223372036854775807] }}{{ x[5:] }}"));
    assertEquals("[][]", render("{{ [] * 2147483647 }}{{ [1] * -3 }}"));
    assertEquals(
        "inf nan 0.1 5e-324 1e+22",
        render(
            "{{ '%f' % (1e308 * 10) }} {{ '%.2f' % (1e308 * 10 - 1e308 * 10) }} {{ 0.1 }} {{ 5e-324 }} {{ 1e22 }}"));
    assertEquals(
        "False True",
        render(
            "{{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }}"));
    assertEquals(
        "A Title With " + "Words ".repeat(5_000),
        render("{{ ('a title with ' ~ 'words ' * 5000).title() }}"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "not ", "-", "{'a':", "f(", "x[", "1 if "})
  void refusesDeepNesting(String open) {
    assertThrows(JinjaException.class, () -> render("{{ " + open.repeat(100_000)));
    assertThrows(JinjaException.class, () -> render("{% if 1 %}".repeat(100_000)));
    assertThrows(JinjaException.class, () -> render("{{ 1" + " + 1".repeat(100_000) + " }}"));
    assertThrows(JinjaException.class, () -> render("{{ x" + "|trim".repeat(100_000) + " }}"));
  }

  @Test
  void namesTheLineOfAProblem() {
    for (String template : List.of("a\n\n{{ nothing.there }}", "a\n\n{{ 1 +", "a\n\n{% huh %}")) {
      JinjaException error = assertThrows(JinjaException.class, () -> render(template));
      assertTrue(error.getMessage().startsWith("line 3: "), error.getMessage());
      assertFalse(error.isRefusal());
    }
  }

  @Test
  void tellsRefusalsFromFailures() {
    JinjaException refusal =
        assertThrows(JinjaException.class, () -> render("{{ raise_exception('not so') }}"));
    assertTrue(refusal.isRefusal());
    assertEquals("not so", refusal.getMessage());
  }

  @Test
  void callsTheFunctionsItIsGiven() {
    JinjaTemplate template =
        JinjaTemplate.parse(
            "{{ twice('a') }}{{ twice is defined }}{{ other is defined }}", JinjaLimits.defaults());
    assertEquals("aaTrueFalse", template.render(Map.of(), Map.of("twice", text -> text + text)));
  }

  @Test
  void survivesAnyTemplate() throws IOException {
    List<byte[]> templates = new ArrayList<>();
    cases()
        .forEach(test -> templates.add(((String) test.get()[0]).getBytes(StandardCharsets.UTF_8)));
    JinjaLimits limits = new JinjaLimits(20_000, 100_000, 200);
    Property.forAll(
        3_000,
        random -> {
          byte[] bytes = Property.mutate(random, Property.pick(random, templates));
          try {
            JinjaTemplate.parse(new String(bytes, StandardCharsets.UTF_8), limits)
                .render(VARIABLES, Map.of());
          } catch (JinjaException expected) {
            // The only way to fail.
          }
        });
  }
}
