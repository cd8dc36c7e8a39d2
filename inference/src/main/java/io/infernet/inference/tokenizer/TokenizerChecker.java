package io.infernet.inference.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Looks through a {@code tokenizer.json} for what ends the process: Hugging Face's library believes
 * parts of it, panics when they do not hold together, and a panic behind JNI aborts the JVM. What
 * it checks itself, it checks better, and is left to it. Stateless.
 *
 * <p>Implementation notes. The places are those of tokenizers 0.21.4: {@code
 * processors/template.rs} looks the special tokens of a template up without asking whether they are
 * there, and takes the second text of a single one; {@code models/bpe/model.rs} cuts the prefix off
 * the second part of every merge; {@code tokenizer/normalizer.rs} replaces nothing by something
 * beyond the end; {@code decoders/strip.rs} cuts ends off tokens that are shorter; {@code
 * pre_tokenizers/fixed_length.rs} takes pieces of no length; and for tables of SentencePiece see
 * {@link PrecompiledCharsMap}. The library goes by the names of fields more than by {@code type},
 * so this does too.
 */
final class TokenizerChecker {

  /** Above the largest one there is, of about 40 MB. */
  private static final long MAX_FILE_BYTES = 256L << 20;

  private static final int MAX_DEPTH = 64;

  /** What a pattern that matches no characters is found in. */
  private static final String SAMPLE = "a 1.\n\tB, <x> \u2581\u00e9";

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
              .build());

  private final Path file;

  private TokenizerChecker(Path file) {
    this.file = file;
  }

  /**
   * Checks a file.
   *
   * @throws DamagedModelException that says what is wrong with it
   * @throws UnsupportedModelException that names what the library does not do reliably
   */
  static void check(Path file) {
    TokenizerChecker checker = new TokenizerChecker(file);
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw checker.damaged("it is longer than " + MAX_FILE_BYTES + " bytes");
      }
      try (JsonParser json = MAPPER.createParser(file.toFile())) {
        checker.read(json);
      }
    } catch (IOException e) {
      throw checker.damaged(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private DamagedModelException damaged(String why) {
    return new DamagedModelException(
        "%s cannot be read: %s; put the model's original file there".formatted(file, why));
  }

  private void read(JsonParser json) throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw damaged("it is not a JSON object");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      switch (name) {
        case "normalizer" -> normalizer(json.readValueAsTree());
        case "pre_tokenizer" -> preTokenizer(json.readValueAsTree());
        case "post_processor" -> processor(json.readValueAsTree());
        case "decoder" -> decoder(json.readValueAsTree());
        case "model" -> model(json);
        default -> json.skipChildren();
      }
    }
  }

  private void normalizer(JsonNode node) {
    if (node.path("prepend").isTextual() && node.path("prepend").asText().isEmpty()) {
      throw damaged("it prepends nothing to texts");
    }
    JsonNode pattern = node.path("pattern");
    if (matchesNothing(pattern) && !node.path("content").asText().isEmpty()) {
      throw damaged("it replaces nothing in texts by something");
    }
    if (node.has("precompiled_charsmap")
        && !PrecompiledCharsMap.isWhole(node.path("precompiled_charsmap").asText())) {
      throw damaged("its table of characters (precompiled_charsmap) is damaged");
    }
    node.forEach(this::normalizer);
  }

  private static boolean matchesNothing(JsonNode pattern) {
    if (pattern.has("Regex")) {
      try {
        return Pattern.compile(pattern.path("Regex").asText())
            .matcher(SAMPLE)
            .results()
            .anyMatch(match -> match.start() == match.end());
      } catch (PatternSyntaxException e) {
        // Of another dialect, or of none: then the library says so.
        return false;
      }
    }
    return pattern.has("String") && pattern.path("String").asText().isEmpty();
  }

  private void preTokenizer(JsonNode node) {
    if (node.has("length") && node.path("length").asLong(0) == 0) {
      throw damaged("it cuts texts into pieces of no length");
    }
    node.forEach(this::preTokenizer);
  }

  private void decoder(JsonNode node) {
    if (node.has("start") && node.has("stop") && node.path("stop").asDouble(1) != 0) {
      throw new UnsupportedModelException(
          "this version does not run models whose tokenizer.json has a decoder that strips the ends"
              + " of tokens (stop %s)".formatted(node.path("stop")));
    }
    node.forEach(this::decoder);
  }

  private void model(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw damaged("model is not an object");
    }
    String prefix = "";
    boolean merged = false;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      if (name.equals("continuing_subword_prefix")) {
        prefix = json.currentToken() == JsonToken.VALUE_STRING ? json.getText() : "";
        if (merged && !prefix.isEmpty()) {
          throw damaged("continuing_subword_prefix follows the merges");
        }
      } else if (name.equals("merges") && !prefix.isEmpty()) {
        merges(json.readValueAsTree(), prefix);
      } else {
        merged |= name.equals("merges");
        json.skipChildren();
      }
    }
  }

  private void merges(JsonNode merges, String prefix) {
    for (JsonNode merge : merges) {
      String second =
          merge.isArray()
              ? merge.path(1).asText()
              : merge.asText().substring(merge.asText().indexOf(' ') + 1);
      if (!second.startsWith(prefix)) {
        throw damaged("a merge lacks the prefix %s".formatted(prefix));
      }
    }
  }

  private void processor(JsonNode node) {
    if (node.has("special_tokens")) {
      template(node.path("single"), node.path("special_tokens"));
      template(node.path("pair"), node.path("special_tokens"));
      for (JsonNode piece : node.path("single")) {
        if (piece.path("Sequence").path("id").asText().equals("B")) {
          throw damaged("its template for one text names a second one");
        }
      }
    }
    node.forEach(this::processor);
  }

  private void template(JsonNode pieces, JsonNode tokens) {
    for (JsonNode piece : pieces) {
      String token = piece.path("SpecialToken").path("id").asText();
      if (piece.has("SpecialToken") && !tokens.has(token)) {
        throw damaged("its template needs the special token %s, which it lacks".formatted(token));
      }
    }
  }
}
