package io.infernet.node.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infernet.inference.engine.Usage;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.JobId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * {@link JobRecord}s as JSON, for people, programs and the store. Reading and writing round-trip;
 * durations keep their nanoseconds.
 */
public final class JobRecordJson {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JobRecordJson() {}

  /** One job. */
  public static ObjectNode write(JobRecord job) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("id", job.id().toString());
    json.put("model", job.model().toString());
    json.put("state", job.state().toString());
    json.put("created_at", job.createdAt().toString());
    job.finishedAt().ifPresent(at -> json.put("finished_at", at.toString()));
    job.usage()
        .ifPresent(
            usage ->
                json.putObject("usage")
                    .put("prompt_tokens", usage.promptTokens())
                    .put("completion_tokens", usage.completionTokens()));
    job.provider().ifPresent(provider -> json.set("provider", provider(provider)));
    job.receipt().ifPresent(receipt -> json.put("receipt", receipt));
    json.put("price", job.price());
    ArrayNode attempts = json.putArray("attempts");
    for (Attempt attempt : job.attempts()) {
      attempts
          .addObject()
          .put("outcome", attempt.outcome().toString())
          .put("detail", attempt.detail())
          .put("tokens", attempt.tokens())
          .put("nanos", attempt.duration().toNanos())
          .set("provider", provider(attempt.provider()));
    }
    ArrayNode decisions = json.putArray("decisions");
    for (Decision decision : job.decisions()) {
      ArrayNode candidates =
          decisions.addObject().put("at", decision.at().toString()).putArray("candidates");
      for (Decision.Candidate candidate : decision.candidates()) {
        candidates
            .addObject()
            .put("peer", candidate.peer().toString())
            .put("standing", candidate.standing().toString())
            .put("score", candidate.score())
            .put("why", candidate.why());
      }
    }
    json.put("error", job.error());
    return json;
  }

  private static ObjectNode provider(Provider provider) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("peer", provider.peer().toString())
        .put("local", provider.local());
  }

  /**
   * Reads what {@link #write} writes.
   *
   * @throws RuntimeException when it is something else
   */
  public static JobRecord read(String text) throws JsonProcessingException {
    JsonNode json = MAPPER.readTree(text);
    List<Attempt> attempts = new ArrayList<>();
    for (JsonNode attempt : json.path("attempts")) {
      attempts.add(
          new Attempt(
              provider(attempt.required("provider")),
              constant(Attempt.Outcome.class, attempt.required("outcome")),
              attempt.required("detail").textValue(),
              attempt.required("tokens").intValue(),
              Duration.ofNanos(attempt.required("nanos").longValue())));
    }
    List<Decision> decisions = new ArrayList<>();
    for (JsonNode decision : json.path("decisions")) {
      List<Decision.Candidate> candidates = new ArrayList<>();
      for (JsonNode candidate : decision.path("candidates")) {
        candidates.add(
            new Decision.Candidate(
                PeerId.parse(candidate.required("peer").textValue()),
                constant(Decision.Standing.class, candidate.required("standing")),
                candidate.required("score").doubleValue(),
                candidate.required("why").textValue()));
      }
      decisions.add(new Decision(Instant.parse(decision.required("at").textValue()), candidates));
    }
    JsonNode usage = json.path("usage");
    return new JobRecord(
        JobId.parse(json.required("id").textValue()),
        ModelName.parse(json.required("model").textValue()),
        Instant.parse(json.required("created_at").textValue()),
        Optional.ofNullable(json.path("finished_at").textValue()).map(Instant::parse),
        constant(JobRecord.State.class, json.required("state")),
        usage.isMissingNode()
            ? Optional.empty()
            : Optional.of(
                new Usage(
                    usage.required("prompt_tokens").intValue(),
                    usage.required("completion_tokens").intValue())),
        json.has("provider") ? Optional.of(provider(json.required("provider"))) : Optional.empty(),
        Optional.ofNullable(json.path("receipt").textValue()),
        json.required("price").longValue(),
        attempts,
        decisions,
        json.required("error").textValue());
  }

  private static Provider provider(JsonNode json) {
    return new Provider(
        PeerId.parse(json.required("peer").textValue()), json.required("local").booleanValue());
  }

  /** The constant that prints as that text: in lower case, with spaces for underscores. */
  private static <E extends Enum<E>> E constant(Class<E> type, JsonNode json) {
    return Enum.valueOf(type, json.textValue().toUpperCase(Locale.ROOT).replace(' ', '_'));
  }
}
