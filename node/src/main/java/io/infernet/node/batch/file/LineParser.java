package io.infernet.node.batch.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.node.batch.file.InputLine.Problem;
import io.infernet.node.job.EncodeRequest;
import io.infernet.node.job.Prompt;
import io.infernet.verification.batch.TaskType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Reads one line: an object with {@code id} (a string or a whole number, may be left out) and one
 * of {@code prompt} (text or token ids), {@code messages} (as in OpenAI's chats) and {@code input}
 * (text, token ids, or two texts as {@code {text, text_pair}}). Every other field is refused by
 * name; a {@code null} counts as left out. Used by one thread.
 */
final class LineParser {

  /** Longest explanation that is passed on from the JSON parser. */
  private static final int MAX_REASON = 200;

  /**
   * What a line says.
   *
   * @param id empty when it has none
   */
  record Parsed(Optional<ItemId> id, ItemInput input) {}

  private final TaskType task;
  private final BatchFileConfig config;
  private final JsonFactory json =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
  private CharBuffer chars = CharBuffer.allocate(1 << 10);

  LineParser(TaskType task, BatchFileConfig config) {
    this.task = task;
    this.config = config;
  }

  /**
   * Reads a line.
   *
   * @throws BadLineException when it is not a request that the task can do
   */
  Parsed parse(byte[] bytes, int offset, int length) throws BadLineException {
    decode(ByteBuffer.wrap(bytes, offset, length));
    Fields fields = new Fields();
    try (JsonParser parser = json.createParser(chars.array(), 0, chars.position())) {
      fields.read(parser);
    } catch (JsonProcessingException e) {
      throw new BadLineException(
          Optional.ofNullable(fields.id),
          e.getLocation() == null ? OptionalInt.empty() : OptionalInt.of(column(e.getLocation())),
          Problem.BAD_JSON,
          "not JSON: " + shorten(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException("an array that cannot be read", e);
    }
    return fields.parsed();
  }

  private void decode(ByteBuffer bytes) throws BadLineException {
    if (chars.capacity() < bytes.remaining()) {
      chars =
          CharBuffer.allocate(
              Math.min(
                  Math.max(bytes.remaining(), 2 * chars.capacity()), config.maxLineBytes() + 4));
    }
    chars.clear();
    CoderResult result = utf8.reset().decode(bytes, chars, true);
    if (result.isError()) {
      throw new BadLineException(
          Optional.empty(),
          OptionalInt.of(codePoints(chars.position()) + 1),
          Problem.NOT_UTF8,
          "not UTF-8; save the file as UTF-8");
    }
  }

  /** Counted from 1. */
  private int column(JsonLocation location) {
    return codePoints((int) location.getCharOffset()) + 1;
  }

  /** Characters before the UTF-16 unit {@code index}. */
  private int codePoints(int index) {
    int units = Math.max(0, Math.min(index, chars.position()));
    return Character.codePointCount(chars.array(), 0, units);
  }

  private static String shorten(@Nullable String reason) {
    String line = String.valueOf(reason).replaceAll("\\s+", " ");
    return line.length() <= MAX_REASON ? line : line.substring(0, MAX_REASON) + "…";
  }

  /** The fields of one line. What is wrong first is remembered and the rest read, for the id. */
  private final class Fields {
    private @Nullable ItemId id;
    private @Nullable ItemInput input;
    private @Nullable String inputName;
    private @Nullable String problem;

    void read(JsonParser parser) throws IOException, BadLineException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new BadLineException(
            Optional.empty(),
            OptionalInt.of(1),
            Problem.BAD_JSON,
            "a JSON object is expected, such as {\"id\":1,\"prompt\":\"…\"}");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (parser.nextToken() == JsonToken.VALUE_NULL) {
          continue;
        }
        switch (name) {
          case "id" -> readId(parser);
          case "prompt", "input", "messages" -> {
            if (inputName != null) {
              wrong("'" + inputName + "' and '" + name + "': one of them is enough");
              parser.skipChildren();
            } else {
              inputName = name;
              input = name.equals("messages") ? messages(parser) : input(parser, name);
            }
          }
          default -> {
            wrong(
                "'%s' is not known here: a line has 'id' and one of 'prompt', 'messages', 'input'; what holds for all lines goes on the command line"
                    .formatted(shorten(name)));
            parser.skipChildren();
          }
        }
      }
      if (parser.nextToken() != null) {
        throw new BadLineException(
            Optional.ofNullable(id),
            OptionalInt.of(column(parser.currentTokenLocation())),
            Problem.BAD_JSON,
            "more than one JSON object in a line");
      }
    }

    Parsed parsed() throws BadLineException {
      if (problem == null && input == null) {
        wrong("one of 'prompt', 'messages' and 'input' is needed");
      }
      if (problem != null || input == null) {
        throw new BadLineException(
            Optional.ofNullable(id),
            OptionalInt.empty(),
            Problem.BAD_REQUEST,
            String.valueOf(problem));
      }
      return new Parsed(Optional.ofNullable(id), input);
    }

    private void wrong(String message) {
      if (problem == null) {
        problem = message;
      }
    }

    private void readId(JsonParser parser) throws IOException {
      if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
          && parser.getNumberType() != NumberType.BIG_INTEGER) {
        id = ItemId.of(parser.getLongValue());
        return;
      }
      if (parser.currentToken() == JsonToken.VALUE_STRING) {
        String text = parser.getText();
        if (!text.isEmpty() && text.length() <= config.maxIdLength() && isWhole(text)) {
          id = ItemId.of(text);
          return;
        }
      }
      wrong(
          "'id' must be a string of 1 to %d characters or a whole number"
              .formatted(config.maxIdLength()));
      parser.skipChildren();
    }

    /** Text, token ids, or for encoders a pair of texts. */
    private @Nullable ItemInput input(JsonParser parser, String name) throws IOException {
      switch (parser.currentToken()) {
        case VALUE_STRING -> {
          String text = text(parser, name);
          if (text == null) {
            return null;
          }
          return task == TaskType.GENERATE
              ? new ItemInput.ToGenerate(new Prompt.Text(text))
              : new ItemInput.ToEncode(new EncodeRequest.Text(text));
        }
        case START_ARRAY -> {
          TokenIds ids = tokenIds(parser, name);
          if (ids == null) {
            return null;
          }
          return task == TaskType.GENERATE
              ? new ItemInput.ToGenerate(new Prompt.Tokens(ids))
              : new ItemInput.ToEncode(new EncodeRequest.Tokens(ids));
        }
        case START_OBJECT -> {
          if (task == TaskType.GENERATE) {
            wrong("'" + name + "' must be text or token ids");
            parser.skipChildren();
            return null;
          }
          return pair(parser, name);
        }
        default -> {
          wrong("'" + name + "' must be text or token ids");
          return null;
        }
      }
    }

    private @Nullable ItemInput pair(JsonParser parser, String name) throws IOException {
      String first = null;
      String second = null;
      boolean right = true;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        if (parser.nextToken() == JsonToken.VALUE_NULL) {
          continue;
        }
        String value = text(parser, name + "." + field);
        right &= value != null;
        switch (field) {
          case "text" -> first = value;
          case "text_pair" -> second = value;
          default -> {
            right = false;
            wrong("'" + name + "." + shorten(field) + "' is not known here");
          }
        }
      }
      if (!right) {
        return null;
      }
      if (first == null) {
        wrong("'" + name + ".text' is needed");
        return null;
      }
      return new ItemInput.ToEncode(
          second == null ? new EncodeRequest.Text(first) : new EncodeRequest.Pair(first, second));
    }

    private @Nullable String text(JsonParser parser, String name) throws IOException {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        wrong("'" + shorten(name) + "' must be a string");
        parser.skipChildren();
        return null;
      }
      String text = parser.getText();
      if (!isWhole(text)) {
        wrong("'" + shorten(name) + "' holds half of a surrogate pair (\\ud800 to \\udfff)");
        return null;
      }
      return text;
    }

    private @Nullable TokenIds tokenIds(JsonParser parser, String name) throws IOException {
      int[] ids = new int[64];
      int count = 0;
      boolean right = true;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
            || parser.getNumberType() != NumberType.INT
            || parser.getIntValue() < 0) {
          right = false;
          parser.skipChildren();
          continue;
        }
        if (count == ids.length) {
          ids = Arrays.copyOf(ids, 2 * count);
        }
        ids[count++] = parser.getIntValue();
      }
      if (!right || count == 0) {
        wrong("'" + name + "' must be text or token ids, which are whole numbers from 0");
        return null;
      }
      return TokenIds.of(Arrays.copyOf(ids, count));
    }

    private @Nullable ItemInput messages(JsonParser parser) throws IOException {
      if (task != TaskType.GENERATE) {
        wrong("'messages' are for --task generate; give 'input'");
        parser.skipChildren();
        return null;
      }
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        wrong("'messages' must be an array of messages");
        parser.skipChildren();
        return null;
      }
      List<ChatMessage> messages = new ArrayList<>();
      boolean right = true;
      for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
        ChatMessage message = message(parser, "messages[" + i + "]");
        right &= message != null;
        if (message != null) {
          messages.add(message);
        }
      }
      if (right && messages.isEmpty()) {
        wrong("'messages' is empty");
        return null;
      }
      return right ? new ItemInput.ToGenerate(new Prompt.Messages(messages)) : null;
    }

    private @Nullable ChatMessage message(JsonParser parser, String name) throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        wrong("'" + name + "' must be an object");
        parser.skipChildren();
        return null;
      }
      String role = null;
      String content = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        if (parser.nextToken() == JsonToken.VALUE_NULL) {
          continue;
        }
        switch (field) {
          case "role" -> role = text(parser, name + ".role");
          case "content" ->
              content =
                  parser.currentToken() == JsonToken.START_ARRAY
                      ? parts(parser, name + ".content")
                      : text(parser, name + ".content");
          default -> {
            wrong("'" + name + "." + shorten(field) + "' is not known here");
            parser.skipChildren();
          }
        }
      }
      if (role == null || content == null) {
        wrong("'" + name + "' needs 'role' and 'content'");
        return null;
      }
      return switch (role) {
        case "system", "user", "assistant" -> new ChatMessage(role, content);
        // What OpenAI calls the system prompt of newer models.
        case "developer" -> ChatMessage.system(content);
        default -> {
          wrong(
              "'%s.role' must be system, developer, user or assistant, not '%s'"
                  .formatted(name, shorten(role)));
          yield null;
        }
      };
    }

    /** Parts of type text, joined. */
    private @Nullable String parts(JsonParser parser, String name) throws IOException {
      StringBuilder joined = new StringBuilder();
      boolean right = true;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        String type = null;
        String text = null;
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          right = false;
          parser.skipChildren();
          continue;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String field = parser.currentName();
          parser.nextToken();
          switch (field) {
            case "type" -> type = text(parser, name + ".type");
            case "text" -> text = text(parser, name + ".text");
            default -> {
              right = false;
              parser.skipChildren();
            }
          }
        }
        right &= "text".equals(type) && text != null;
        joined.append(text);
      }
      if (!right) {
        wrong(
            "'" + name + "' must be a string, or an array of parts {\"type\":\"text\",\"text\":…}");
        return null;
      }
      return joined.toString();
    }
  }

  /** Whether all surrogates of {@code text} are in pairs, so that it can be written as UTF-8. */
  private static boolean isWhole(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }
}
