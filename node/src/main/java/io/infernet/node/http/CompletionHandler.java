package io.infernet.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.engine.remote.Backends;
import io.infernet.node.job.ChatEvent;
import io.infernet.node.job.ChatEventReader;
import io.infernet.node.job.ChatJob;
import io.infernet.node.job.ChatRequest;
import io.infernet.node.job.ChatResult;
import io.infernet.node.job.ChatService;
import io.javalin.http.Context;
import jakarta.servlet.ServletOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Answers one of the completion endpoints: one job for each prompt, in order. Runs on the request's
 * own thread and blocks it; a client that goes away cancels its job.
 */
final class CompletionHandler {

  /** How often a waiting request looks whether its client is still there. */
  private static final Duration CLIENT_CHECK = Duration.ofMillis(250);

  /** Comment lines keep proxies and clients from giving up on a stream that makes a pause. */
  private static final Duration STREAM_HEARTBEAT = Duration.ofSeconds(10);

  private final RequestBodies bodies;
  private final Function<JsonNode, CompletionRequests.Parsed> parser;
  private final ChatService chat;
  private final ObjectMapper mapper;
  private final Clock clock;

  CompletionHandler(
      RequestBodies bodies,
      Function<JsonNode, CompletionRequests.Parsed> parser,
      ChatService chat,
      ObjectMapper mapper,
      Clock clock) {
    this.bodies = bodies;
    this.parser = parser;
    this.chat = chat;
    this.mapper = mapper;
    this.clock = clock;
  }

  /** Nothing more can be written: the client went away, or was told of an error in mid-stream. */
  static final class ResponseOverException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ResponseOverException() {
      super("the response is over", null, false, false);
    }
  }

  /** Reads the request and writes the answer. */
  void handle(Context context) throws IOException, InterruptedException {
    CompletionRequests.Parsed request = bodies.read(context.req().getInputStream(), parser);
    CompletionAnswers answers = new CompletionAnswers(request, clock.instant().getEpochSecond());
    ClientConnection client = ClientConnection.of(context.req());
    if (request.stream()) {
      new EventStream(context, client).write(request, answers);
      return;
    }
    List<ChatResult> results = new ArrayList<>();
    for (ChatRequest job : request.jobs()) {
      results.add(result(context, job, client));
    }
    context
        .contentType("application/json")
        .result(mapper.writeValueAsBytes(answers.whole(results)));
  }

  /** A request that comes through another node's backend goes no further than this machine. */
  private ChatJob start(Context context, ChatRequest request) {
    return context.header(Backends.HOP_HEADER) == null
        ? chat.start(request)
        : chat.startHere(request);
  }

  private ChatResult result(Context context, ChatRequest request, ClientConnection client)
      throws InterruptedException {
    ChatJob job = start(context, request);
    boolean finished = false;
    try {
      ChatEventReader reader = new ChatEventReader();
      job.events().subscribe(reader);
      while (true) {
        Optional<ChatEvent> event = reader.next(CLIENT_CHECK);
        if (event.isPresent() && event.get() instanceof ChatEvent.Finished end) {
          finished = true;
          return end.result();
        }
        if (client.isGone()) {
          throw new ResponseOverException();
        }
      }
    } finally {
      if (!finished) {
        job.cancel();
      }
    }
  }

  /** One response of server-sent events; its headers go out with the first event. */
  private final class EventStream {
    private final Context context;
    private final ClientConnection client;
    private boolean begun;

    EventStream(Context context, ClientConnection client) {
      this.context = context;
      this.client = client;
    }

    void write(CompletionRequests.Parsed request, CompletionAnswers answers)
        throws InterruptedException {
      try {
        List<Usage> usages = new ArrayList<>();
        for (int i = 0; i < request.jobs().size(); i++) {
          usages.add(writeAnswer(i, request.jobs().get(i), answers).usage());
        }
        if (request.includeUsage()) {
          send(answers.usageChunk(usages));
        }
        sendLine("data: [DONE]");
      } catch (IOException e) {
        throw new ResponseOverException();
      }
    }

    private ChatResult writeAnswer(int index, ChatRequest request, CompletionAnswers answers)
        throws IOException, InterruptedException {
      ChatJob job = start(context, request);
      boolean finished = false;
      try {
        ChatEventReader reader = new ChatEventReader();
        job.events().subscribe(reader);
        int textBefore = 0;
        Duration idle = Duration.ZERO;
        while (true) {
          Optional<ChatEvent> next = reader.next(CLIENT_CHECK);
          if (next.isEmpty()) {
            if (client.isGone()) {
              throw new ResponseOverException();
            }
            idle = idle.plus(CLIENT_CHECK);
            if (begun && idle.compareTo(STREAM_HEARTBEAT) >= 0) {
              sendLine(": still at it");
              idle = Duration.ZERO;
            }
            continue;
          }
          idle = Duration.ZERO;
          ChatEvent event = next.get();
          if (event instanceof ChatEvent.Started started) {
            send(answers.started(index, started));
          } else if (event instanceof ChatEvent.Text text) {
            if (!text.delta().isEmpty() || !text.tokens().isEmpty()) {
              send(answers.text(index, text, textBefore));
            }
            textBefore += text.tokens().stream().mapToInt(CompletionAnswers::length).sum();
          } else if (event instanceof ChatEvent.Switched switched) {
            send(answers.switched(index, switched));
          } else if (event instanceof ChatEvent.Finished end) {
            finished = true;
            send(answers.finished(index, end.result()));
            return end.result();
          }
        }
      } catch (RuntimeException e) {
        if (!begun || e instanceof ResponseOverException) {
          throw e;
        }
        // The status is out already: the error goes where the rest of the answer would.
        send(ApiErrors.of(e).toJson());
        throw new ResponseOverException();
      } finally {
        if (!finished) {
          job.cancel();
        }
      }
    }

    private void send(JsonNode chunk) throws IOException {
      sendLine("data: " + mapper.writeValueAsString(chunk));
    }

    private void sendLine(String line) throws IOException {
      if (!begun) {
        begun = true;
        context
            .status(200)
            .contentType("text/event-stream; charset=utf-8")
            .header("Cache-Control", "no-cache");
      }
      ServletOutputStream out = context.res().getOutputStream();
      out.write((line + "\n\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }
}
