package io.infernet.inference.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.infernet.inference.InfernetException;
import io.infernet.inference.NativeLibraries;
import io.infernet.inference.checkpoint.DamagedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model's own tokenizer, from its {@code tokenizer.json}: Hugging Face's library, in this process
 * and offline. Nothing is ever cut off. Safe from any thread; its owner closes it.
 */
public final class TextTokenizer implements AutoCloseable {

  private final HuggingFaceTokenizer tokenizer;
  private final int maxChars;

  private TextTokenizer(HuggingFaceTokenizer tokenizer, int maxChars) {
    this.tokenizer = tokenizer;
    this.maxChars = maxChars;
  }

  /**
   * Opens the tokenizer of a model folder.
   *
   * @param nativesFolder where native libraries are unpacked on first use
   * @param maxChars longest text that is encoded, in characters
   * @throws DamagedModelException when {@code tokenizer.json} is missing or malformed
   * @throws InfernetException when the library does not load on this machine
   */
  public static TextTokenizer open(Path folder, Path nativesFolder, int maxChars) {
    NativeLibraries.unpackInto(nativesFolder);
    Path file = folder.resolve("tokenizer.json");
    if (!Files.exists(file)) {
      throw new DamagedModelException(file + " is missing; put the model's original files there");
    }
    TokenizerChecker.check(file);
    try {
      // Read as a whole by the library, which ends the process when memory does.
      if (Files.size(file) > Vocabulary.MAX_FILE_BYTES) {
        throw new IOException("it is longer than " + Vocabulary.MAX_FILE_BYTES + " bytes");
      }
      return new TextTokenizer(
          HuggingFaceTokenizer.builder()
              .optTokenizerPath(file)
              .optTruncation(false)
              .optPadding(false)
              .build(),
          maxChars);
    } catch (IOException | RuntimeException e) {
      throw new DamagedModelException(
          "%s cannot be read: %s; put the model's original file there"
              .formatted(file, e.getMessage()),
          e);
    } catch (LinkageError e) {
      throw new InfernetException(
          "the tokenizer library does not load on this machine (%s, %s): %s"
              .formatted(
                  System.getProperty("os.name"), System.getProperty("os.arch"), e.getMessage()),
          e);
    }
  }

  /**
   * Text to token ids.
   *
   * @param addSpecialTokens whether the model's own marks (such as begin of text) are put around
   *     it; not for a rendered chat template, which has them
   * @throws InfernetException when the text is longer than the tokenizer takes
   */
  public TokenIds encode(String text, boolean addSpecialTokens) {
    checkLength(text.length());
    return narrow(encoding(() -> tokenizer.encode(text, addSpecialTokens, false)).getIds());
  }

  /**
   * A text as an encoder model reads it, with the model's special tokens.
   *
   * @throws InfernetException when the text is longer than the tokenizer takes
   */
  public TypedTokens encodeTyped(String text) {
    checkLength(text.length());
    return typed(encoding(() -> tokenizer.encode(text, true, false)));
  }

  /**
   * A pair of texts as an encoder model reads it, with the model's special tokens.
   *
   * @throws InfernetException when both together are longer than the tokenizer takes
   */
  public TypedTokens encodeTyped(String first, String second) {
    checkLength((long) first.length() + second.length());
    return typed(encoding(() -> tokenizer.encode(first, second, true, false)));
  }

  /** The library finds out only here that it needs a token for the unknown which is not there. */
  private static Encoding encoding(Supplier<Encoding> encode) {
    try {
      return encode.get();
    } catch (RuntimeException e) {
      throw new DamagedModelException(unfit(e.getMessage()), e);
    }
  }

  private static String unfit(@Nullable String why) {
    return "the model's tokenizer.json does not fit this text: %s; put the model's original file there"
        .formatted(why);
  }

  private static TypedTokens typed(Encoding encoding) {
    return new TypedTokens(narrow(encoding.getIds()), narrow(encoding.getTypeIds()));
  }

  private void checkLength(long chars) {
    if (chars > maxChars) {
      throw new InfernetException(
          "the text has %d characters; at most %d are taken".formatted(chars, maxChars));
    }
  }

  private static TokenIds narrow(long[] ids) {
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] > Integer.MAX_VALUE) {
        throw new DamagedModelException(unfit("it has a token with id " + ids[i]));
      }
      narrow[i] = (int) ids[i];
    }
    return TokenIds.of(narrow);
  }

  /** Whether this text is one token. */
  public boolean isToken(String text) {
    return encode(text, false).size() == 1;
  }

  /**
   * Token ids to text. Bytes that are no UTF-8 become U+FFFD.
   *
   * @param skipSpecialTokens whether the model's own marks are left out
   */
  public String decode(TokenIds ids, boolean skipSpecialTokens) {
    long[] wide = new long[ids.size()];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = ids.get(i);
    }
    return tokenizer.decode(wide, skipSpecialTokens);
  }

  /** Decodes an answer as its tokens come. */
  public StreamingDetokenizer stream() {
    return new StreamingDetokenizer(ids -> decode(ids, true));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
