package io.infernet.node.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.engine.FinishReason;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.tokenizer.ChatMessage;
import io.infernet.node.ShutdownHook;
import io.infernet.node.UsageException;
import io.infernet.node.cli.CliContext.Channel;
import io.infernet.node.config.ConfigLoader;
import io.infernet.node.config.Setting;
import io.infernet.node.config.SettingType;
import io.infernet.node.config.Settings;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.ChatResultJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code infernet run}. */
@Command(
    name = "run",
    sortOptions = false,
    description = {
      "Answers a prompt, streamed; without one it chats, or reads the prompt from standard input.",
      "It asks the node that runs in this home, or else starts one of its own for a moment."
    })
final class RunCommand implements Callable<Integer> {

  /** Largest prompt that is read from standard input. */
  private static final int MAX_PROMPT_BYTES = 16 << 20;

  private final CliContext context;
  private final GlobalOptions global;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "NAME or NAME:VARIANT, such as storyteller.")
  private String model = "";

  @Parameters(index = "1", arity = "0..1", paramLabel = "PROMPT", description = "What to answer.")
  private @Nullable String prompt;

  @Option(names = "--max-tokens", paramLabel = "N", description = "The longest answer.")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 always takes the likeliest token.")
  private @Nullable Double temperature;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Choose among the likeliest tokens that make up this probability.")
  private @Nullable Double topP;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Choose among so many of the likeliest tokens (0: all).")
  private @Nullable Integer topK;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Choose among tokens at least this part as likely as the likeliest.")
  private @Nullable Double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description = "Above 1: less of what stands in prompt and answer already.")
  private @Nullable Double repetitionPenalty;

  @Option(
      names = "--presence-penalty",
      paramLabel = "R",
      description = "Above 0: less of what stands in the answer already.")
  private @Nullable Double presencePenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "R",
      description = "Above 0: less of what stands in the answer often.")
  private @Nullable Double frequencyPenalty;

  @Option(names = "--stop", paramLabel = "TEXT", description = "Ends the answer; may be repeated.")
  private List<String> stop = new ArrayList<>();

  @Option(names = "--json-answer", description = "The answer is a JSON object.")
  private boolean jsonAnswer;

  @Option(names = "--seed", paramLabel = "N", description = "The same seed, the same answer.")
  private @Nullable Long seed;

  @Option(names = "--system", paramLabel = "TEXT", description = "A system prompt.")
  private @Nullable String system;

  @Option(
      names = "--max-price",
      paramLabel = "PRICE",
      description = "The most to pay, in millionths of the currency's unit (0: only free answers).")
  private @Nullable Long maxPrice;

  @Option(names = "--deadline", paramLabel = "TIME", description = "Such as 30s or 2m.")
  private @Nullable String deadline;

  @Option(
      names = "--bootstrap",
      paramLabel = "MULTIADDR",
      description = "Peers to ask, when no node runs here.")
  private List<String> bootstrap = new ArrayList<>();

  @Mixin private JsonOption json = new JsonOption();

  RunCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() throws Exception {
    boolean chat = prompt == null && context.isTerminal(Channel.IN) && !json.wanted();
    // What is wrong with the command line shows before anything is started.
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    if (!chat) {
      messages.add(ChatMessage.user(prompt != null ? prompt : readPrompt()));
    }
    ChatRequest first = request(messages);
    try (Answers answers = answers();
        ShutdownHook cancel =
            new ShutdownHook(
                "cancel",
                () -> {
                  context.stop().complete(null);
                  answers.close();
                })) {
      if (chat) {
        chat(answers, messages);
      } else {
        answer(answers, first);
      }
    }
    return 0;
  }

  private Answers answers() throws InterruptedException {
    Optional<LocalApi> api = LocalApi.find(global.home());
    if (api.isPresent()) {
      return new ApiAnswers(api.get());
    }
    Map<Setting<?>, ConfigLoader.Flag> flags = new LinkedHashMap<>();
    if (!bootstrap.isEmpty()) {
      flags.put(
          Settings.BOOTSTRAP, new ConfigLoader.Flag("--bootstrap", String.join(",", bootstrap)));
    }
    return new OwnNodeAnswers(global, flags);
  }

  private ChatRequest request(List<ChatMessage> messages) {
    ChatRequest.Builder request = ChatRequest.builder(model).messages(messages);
    if (maxTokens != null) {
      request.maxTokens(maxTokens);
    }
    if (temperature != null) {
      request.temperature(temperature);
    }
    if (topP != null) {
      request.topP(topP);
    }
    if (topK != null) {
      request.topK(topK);
    }
    if (minP != null) {
      request.minP(minP);
    }
    if (repetitionPenalty != null) {
      request.repetitionPenalty(repetitionPenalty);
    }
    if (presencePenalty != null) {
      request.presencePenalty(presencePenalty);
    }
    if (frequencyPenalty != null) {
      request.frequencyPenalty(frequencyPenalty);
    }
    if (jsonAnswer) {
      request.format(ResponseFormat.JSON_OBJECT);
    }
    request.stop(stop);
    if (seed != null) {
      request.seed(seed);
    }
    if (maxPrice != null) {
      request.maxPrice(maxPrice);
    }
    if (deadline != null) {
      try {
        request.deadline(SettingType.parseDuration(deadline));
      } catch (IllegalArgumentException e) {
        throw new UsageException("--deadline " + deadline + ": expected such as 30s or 2m");
      }
    }
    return request.build();
  }

  private String readPrompt() {
    try {
      byte[] bytes = context.in().readNBytes(MAX_PROMPT_BYTES + 1);
      if (bytes.length > MAX_PROMPT_BYTES) {
        throw new UsageException("the prompt is larger than " + MAX_PROMPT_BYTES + " bytes");
      }
      String text = new String(bytes, StandardCharsets.UTF_8).strip();
      if (text.isEmpty()) {
        throw new UsageException("no prompt: give it after the model's name, or on standard input");
      }
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void chat(Answers answers, List<ChatMessage> messages)
      throws IOException, InterruptedException {
    context.err().println("Chatting with " + model + "; /bye or Ctrl-D ends it.");
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(context.in(), StandardCharsets.UTF_8));
    while (true) {
      context.out().print("> ");
      context.out().flush();
      String line = lines.readLine();
      if (line == null || line.strip().equals("/bye")) {
        return;
      }
      if (!line.isBlank()) {
        messages.add(ChatMessage.user(line));
        ChatResult result = answer(answers, request(messages));
        messages.add(ChatMessage.assistant(result.text()));
      }
    }
  }

  private ChatResult answer(Answers answers, ChatRequest request) throws InterruptedException {
    ChatResult result = answers.ask(request, this::show);
    if (json.wanted()) {
      context.out().println(Json.line(toJson(result)));
    } else {
      context.out().println();
      if (context.isTerminal(Channel.ERR)) {
        context.err().println(summary(result));
      }
    }
    return result;
  }

  private void show(ChatEvent event) {
    if (json.wanted()) {
      return;
    }
    if (event instanceof ChatEvent.Text text) {
      context.out().print(text.delta());
      context.out().flush();
    } else if (event instanceof ChatEvent.Switched switched && context.isTerminal(Channel.ERR)) {
      context
          .err()
          .println(
              "\n["
                  + switched.from()
                  + " stopped ("
                  + switched.reason()
                  + "); "
                  + switched.to()
                  + " goes on]");
    }
  }

  /** One line: who answered, how fast, for how much. */
  static String summary(ChatResult result) {
    int tokens = result.usage().completionTokens();
    Duration decoding = result.timings().total().minus(result.timings().firstToken());
    double seconds = decoding.toNanos() / 1e9;
    return String.format(
        Locale.ROOT,
        "[%s; %d tokens, the first after %.0f ms, then %.0f tokens/s; price %d; job %s]",
        result.provider(),
        tokens,
        millis(result.timings().firstToken()),
        seconds > 0 ? Math.max(0, tokens - 1) / seconds : 0,
        result.price(),
        result.job());
  }

  private static ObjectNode toJson(ChatResult result) {
    ObjectNode object =
        Json.object()
            .put("model", result.model().toString())
            .put("text", result.text())
            .put("finish_reason", result.finishReason() == FinishReason.STOP ? "stop" : "length")
            .put("prompt_tokens", result.usage().promptTokens())
            .put("completion_tokens", result.usage().completionTokens());
    object.setAll(ChatResultJson.write(result));
    return object;
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }
}
