package io.infernet.node.job;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.ModelDescription;
import io.infernet.inference.engine.ContextLengthExceededException;
import io.infernet.inference.jinja.JinjaException;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelName;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.inference.tokenizer.ChatTemplate;
import io.infernet.inference.tokenizer.StreamingDetokenizer;
import io.infernet.inference.tokenizer.TextTokenizer;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.inference.tokenizer.TypedTokens;
import io.infernet.node.UsageException;
import java.lang.ref.Cleaner;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * Reads models' own tokenizers and chat templates. A tokenizer's native memory is freed when nobody
 * holds its codec any more. Safe from any thread.
 */
public final class TokenizerCodecs implements TextCodec.Source {

  /** Characters of a long text that are encoded at once to see how many tokens it has. */
  private static final int PIECE = 1 << 16;

  /** Tokens that a text may gain by being cut. */
  private static final int CUT_TOKENS = 16;

  private final Path nativesFolder;
  private final int maxChars;
  private final CheckpointLimits limits;
  private final Clock clock;
  private final Cleaner cleaner = Cleaner.create();

  /**
   * Reads nothing yet.
   *
   * @param nativesFolder where the tokenizer's native library is unpacked on first use
   * @param maxChars longest text that is encoded, in characters
   * @param clock for templates that name the day
   */
  public TokenizerCodecs(Path nativesFolder, int maxChars, CheckpointLimits limits, Clock clock) {
    this.nativesFolder = nativesFolder;
    this.maxChars = maxChars;
    this.limits = limits;
    this.clock = clock;
  }

  @Override
  public TextCodec load(InstalledModel model) {
    Optional<ChatTemplate> template = ChatTemplate.read(model.folder(), limits, clock);
    TextTokenizer tokenizer = TextTokenizer.open(model.folder(), nativesFolder, maxChars);
    int vocabularySize = ModelDescription.read(model.folder(), limits).vocabSize();
    Codec codec = new Codec(tokenizer, template, vocabularySize, model);
    cleaner.register(codec, tokenizer::close);
    return codec;
  }

  private static final class Codec implements TextCodec {
    private final TextTokenizer tokenizer;
    private final Optional<ChatTemplate> template;
    private final int vocabularySize;
    private final ModelName model;
    private final int context;

    Codec(
        TextTokenizer tokenizer,
        Optional<ChatTemplate> template,
        int vocabularySize,
        InstalledModel model) {
      this.tokenizer = tokenizer;
      this.template = template;
      this.vocabularySize = vocabularySize;
      this.model = model.name();
      this.context = model.manifest().contextLength();
    }

    @Override
    public TokenIds encode(String text) {
      requireFit(text);
      return tokenizer.encode(text, true);
    }

    @Override
    public TokenIds encode(List<ChatMessage> messages) {
      if (template.isPresent()) {
        for (String token : template.get().neededTokens()) {
          if (!tokenizer.isToken(token)) {
            throw new DamagedModelException(
                "the chat template of %s needs the token %s, which its tokenizer does not have; put the model's original tokenizer.json and tokenizer_config.json into its folder"
                    .formatted(model, token));
          }
        }
        String text = render(template.get(), messages);
        requireFit(text);
        return tokenizer.encode(text, false);
      }
      if (messages.size() == 1) {
        return encode(messages.get(0).content());
      }
      throw new UsageException(
          model + " continues texts and holds no conversations; give it one message");
    }

    private static String render(ChatTemplate template, List<ChatMessage> messages) {
      try {
        return template.render(messages, true);
      } catch (InfernetException e) {
        if (e.getCause() instanceof JinjaException cause && cause.isRefusal()) {
          throw new UsageException(String.valueOf(e.getMessage()));
        }
        throw e;
      }
    }

    /**
     * Looks at a long text piece by piece whether it can be read at all: encoding it takes a
     * hundred times its length in memory.
     */
    private void requireFit(String text) {
      long tokens = 0;
      for (int from = 0; text.length() > PIECE && from < text.length(); from += PIECE) {
        String piece = text.substring(from, Math.min(text.length(), from + PIECE));
        tokens += Math.max(0, tokenizer.encode(piece, false).size() - CUT_TOKENS);
        if (tokens > context) {
          throw ContextLengthExceededException.beyond(model, tokens, context);
        }
      }
    }

    @Override
    public TypedTokens encodeTyped(String text) {
      requireFit(text);
      return tokenizer.encodeTyped(text);
    }

    @Override
    public TypedTokens encodePair(String first, String second) {
      requireFit(first);
      requireFit(second);
      return tokenizer.encodeTyped(first, second);
    }

    @Override
    public int vocabularySize() {
      return vocabularySize;
    }

    @Override
    public String text(int token) {
      return tokenizer.decode(TokenIds.of(token), false);
    }

    /** The stream keeps this codec, and so the tokenizer, in memory. */
    @Override
    public StreamingDetokenizer stream() {
      return new StreamingDetokenizer(this::decode);
    }

    private String decode(TokenIds ids) {
      return tokenizer.decode(ids, true);
    }
  }
}
