package io.infernet.inference.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a {@code tokenizer.json} and the bytes of text that each stands for inside an
 * answer, which the tokenizer's own library does not tell. Immutable; safe from any thread.
 */
public final class Vocabulary {

  /** Above the largest vocabulary there is. */
  private static final int MAX_TOKENS = 1 << 21;

  /** Above the largest {@code tokenizer.json} there is. */
  static final long MAX_FILE_BYTES = 256L << 20;

  /** Above the longest token there is, in characters. */
  private static final int MAX_TOKEN_LENGTH = 4_096;

  private static final int MAX_DEPTH = 32;
  private static final byte[] NO_TEXT = {};

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
              .build());

  /** How a decoder writes bytes in tokens. */
  private enum Spelling {
    /** Each byte as a printable character, as GPT-2 began it. */
    BYTE_LEVEL,
    /** ▁ for a space, and often {@code <0x0A>} for a byte. */
    METASPACE,
    OTHER
  }

  private final Map<String, Integer> ids;
  private final byte[][] bytes;
  private final Spelling spelling;
  private final int baseSize;

  private Vocabulary(Map<String, Integer> ids, byte[][] bytes, Spelling spelling, int baseSize) {
    this.ids = ids;
    this.bytes = bytes;
    this.spelling = spelling;
    this.baseSize = baseSize;
  }

  /**
   * Reads the vocabulary of a model folder.
   *
   * @throws DamagedModelException when {@code tokenizer.json} is missing or malformed
   */
  public static Vocabulary read(Path folder) {
    Path file = folder.resolve("tokenizer.json");
    Reader reader = new Reader(file);
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw reader.damaged("it is longer than " + MAX_FILE_BYTES + " bytes");
      }
      try (JsonParser json = MAPPER.createParser(file.toFile())) {
        reader.read(json);
      }
    } catch (IOException e) {
      throw new DamagedModelException(
          file
              + " cannot be read: "
              + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
          e);
    }
    return reader.finish();
  }

  /** The highest id, plus one. */
  public int size() {
    return bytes.length;
  }

  /** The same without tokens that were added to the tokenizer's own. */
  public int baseSize() {
    return baseSize;
  }

  /** The id of a token by its spelling in the file. */
  public OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * Whether the bytes of tokens are known.
   *
   * @throws UnsupportedModelException that says why not
   */
  public void requireBytes() {
    if (spelling == Spelling.OTHER) {
      throw new UnsupportedModelException(
          "the model's tokenizer joins words in a way that answers in JSON are not made with");
    }
  }

  /**
   * The text that a token stands for, in UTF-8; empty when it stands for none. Not to be changed.
   */
  public byte[] bytes(int id) {
    return id < bytes.length ? bytes[id] : NO_TEXT;
  }

  /** All tokens that stand for text, in the order of their bytes. */
  public int[] sorted() {
    return IntStream.range(0, bytes.length)
        .filter(id -> bytes[id].length > 0)
        .boxed()
        .sorted((a, b) -> Arrays.compareUnsigned(bytes[a], bytes[b]))
        .mapToInt(id -> id)
        .toArray();
  }

  /** Reads one file. */
  private static final class Reader {
    private final Path file;
    private final Map<String, Integer> ids = new HashMap<>();
    private final List<JsonNode> added = new ArrayList<>();
    private Spelling spelling = Spelling.OTHER;
    private boolean byteFallback;
    private int size;

    Reader(Path file) {
      this.file = file;
    }

    DamagedModelException damaged(String why) {
      return new DamagedModelException(file + ": " + why + "; put the model's original file there");
    }

    void read(JsonParser json) throws IOException {
      expect(json.nextToken() == JsonToken.START_OBJECT, "it is not a JSON object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        switch (name) {
          case "model" -> model(json);
          case "decoder" -> spelling = spelling(json.readValueAsTree());
          case "added_tokens" -> {
            JsonNode tokens = json.readValueAsTree();
            tokens.forEach(added::add);
          }
          default -> json.skipChildren();
        }
      }
    }

    private void model(JsonParser json) throws IOException {
      expect(json.currentToken() == JsonToken.START_OBJECT, "model is not an object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        if (!name.equals("vocab")) {
          json.skipChildren();
        } else if (value == JsonToken.START_OBJECT) {
          while (json.nextToken() == JsonToken.FIELD_NAME) {
            String token = json.currentName();
            expect(json.nextToken() == JsonToken.VALUE_NUMBER_INT, "an id is not a number");
            put(token, json.getIntValue());
          }
        } else {
          // Unigram: an array of [token, score].
          expect(value == JsonToken.START_ARRAY, "vocab is not a list");
          for (int id = 0; json.nextToken() == JsonToken.START_ARRAY; id++) {
            expect(json.nextToken() == JsonToken.VALUE_STRING, "a token is not a string");
            put(json.getText(), id);
            while (json.nextToken() != JsonToken.END_ARRAY) {
              expect(json.currentToken() != null, "vocab does not end");
            }
          }
        }
      }
    }

    private void put(String token, int id) {
      expect(id >= 0 && id < MAX_TOKENS, "a token has id " + id);
      expect(token.length() <= MAX_TOKEN_LENGTH, "a token has " + token.length() + " characters");
      ids.put(token, id);
      expect(ids.size() <= MAX_TOKENS, "it has more than " + MAX_TOKENS + " tokens");
      size = Math.max(size, id + 1);
    }

    private void expect(boolean right, String otherwise) {
      if (!right) {
        throw damaged(otherwise);
      }
    }

    private Spelling spelling(JsonNode decoder) {
      List<JsonNode> parts = new ArrayList<>();
      if (decoder.path("type").asText().equals("Sequence")) {
        decoder.path("decoders").forEach(parts::add);
      } else {
        parts.add(decoder);
      }
      Spelling found = Spelling.OTHER;
      for (JsonNode part : parts) {
        switch (part.path("type").asText()) {
          case "ByteLevel" -> found = Spelling.BYTE_LEVEL;
          case "Metaspace" -> found = Spelling.METASPACE;
          case "Replace" -> {
            if (part.path("pattern").path("String").asText().equals("▁")
                && part.path("content").asText().equals(" ")) {
              found = Spelling.METASPACE;
            }
          }
          case "ByteFallback" -> byteFallback = true;
          case "Fuse", "Strip" -> {}
          default -> {
            return Spelling.OTHER;
          }
        }
      }
      return found;
    }

    Vocabulary finish() {
      int baseSize = size;
      for (JsonNode token : added) {
        put(token.path("content").asText(), token.path("id").asInt(-1));
      }
      byte[][] bytes = new byte[size][];
      Arrays.fill(bytes, NO_TEXT);
      int[] byteLevel = byteLevel();
      ids.forEach((token, id) -> bytes[id] = text(token, byteLevel));
      for (JsonNode token : added) {
        int id = token.path("id").asInt();
        boolean special = token.path("special").asBoolean();
        bytes[id] =
            special ? NO_TEXT : token.path("content").asText().getBytes(StandardCharsets.UTF_8);
      }
      return new Vocabulary(ids, bytes, spelling, baseSize);
    }

    private byte[] text(String token, int[] byteLevel) {
      switch (spelling) {
        case BYTE_LEVEL:
          byte[] bytes = fromByteLevel(token, byteLevel);
          return bytes == null ? token.getBytes(StandardCharsets.UTF_8) : bytes;
        case METASPACE:
          return byteFallback && token.matches("<0x[0-9A-Fa-f]{2}>")
              ? new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)}
              : token.replace('▁', ' ').getBytes(StandardCharsets.UTF_8);
        default:
          return NO_TEXT;
      }
    }

    private static byte @Nullable [] fromByteLevel(String token, int[] byteLevel) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(token.length());
      for (int i = 0; i < token.length(); i++) {
        char c = token.charAt(i);
        if (c >= byteLevel.length || byteLevel[c] < 0) {
          return null;
        }
        bytes.write(byteLevel[c]);
      }
      return bytes.toByteArray();
    }

    /**
     * The byte behind each character of GPT-2's alphabet: printable ones stand for themselves, the
     * other 68 are the characters from 256 on, in their order.
     */
    private static int[] byteLevel() {
      int[] bytes = new int[256 + 68];
      Arrays.fill(bytes, -1);
      int next = 256;
      for (int b = 0; b < 256; b++) {
        boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
        bytes[printable ? b : next++] = b;
      }
      return bytes;
    }
  }
}
