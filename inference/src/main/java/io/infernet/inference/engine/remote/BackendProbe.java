package io.infernet.inference.engine.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.infernet.inference.InfernetException;
import io.infernet.inference.model.ModelName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at one server: which program it is and which models it has. Each program says so in its own
 * way beside OpenAI's {@code /v1/models}. One look at a time.
 */
final class BackendProbe {

  private static final Logger LOG = LoggerFactory.getLogger(BackendProbe.class);

  private final BackendClient client;
  private final BackendConfig config;

  /** What Ollama said of models, by name and digest, so that it is asked once for each. */
  private Map<String, JsonNode> shown = Map.of();

  BackendProbe(BackendClient client, BackendConfig config) {
    this.client = client;
    this.config = config;
  }

  /**
   * What was seen.
   *
   * @param slots answers that it makes at once, if it says so
   */
  record Sighting(BackendKind kind, List<BackendModel> models, OptionalInt slots) {
    Sighting {
      models = List.copyOf(models);
    }
  }

  /** A model before its name is checked. */
  private record Found(String id, int contextLength, boolean warm, long memoryBytes) {}

  /** Fails with an {@code InfernetException} when there is no server of OpenAI's API. */
  CompletableFuture<Sighting> look() {
    return get("/v1/models")
        .thenCompose(
            reply -> {
              JsonNode data = reply.json().path("data");
              if (reply.isOk()
                  && reply.json().path("object").asText().equals("list")
                  && (data.isArray() || data.isNull())) {
                return look(reply, data);
              }
              // Another program may have the port; what it says does not matter.
              throw reply.isOk() || reply.status() == 404
                  ? new BackendException(
                      "the server at %s does not speak OpenAI's API".formatted(client.base()))
                  : client.refusal(reply.status(), reply.json());
            });
  }

  private CompletableFuture<Sighting> look(BackendClient.Reply reply, JsonNode data) {
    String owner = data.path(0).path("owned_by").asText().toLowerCase(Locale.ROOT);
    if (owner.equals("vllm")) {
      return done(BackendKind.VLLM, listed(data), OptionalInt.empty());
    }
    if (owner.equals("sglang")) {
      return sglang(data);
    }
    if (owner.equals("llamacpp") || reply.hasHeader("Server", "llama.cpp")) {
      return llamaCpp(data);
    }
    if (owner.equals("infernet")) {
      return done(BackendKind.INFERNET, ofNode(data), OptionalInt.empty());
    }
    // Its list looks like anybody's.
    return get("/api/version")
        .thenCompose(
            version ->
                version.isOk() && version.json().path("version").isTextual()
                    ? ollama()
                    : done(BackendKind.OTHER, listed(data), OptionalInt.empty()));
  }

  private CompletableFuture<BackendClient.Reply> get(String path) {
    return client.get(path, config.probeTimeout());
  }

  private CompletableFuture<Sighting> done(BackendKind kind, List<Found> found, OptionalInt slots) {
    Map<ModelName, BackendModel> models = new LinkedHashMap<>();
    for (Found each : found) {
      if (models.size() >= config.maxModels()) {
        break;
      }
      try {
        ModelName name = ModelName.parse(shortened(each.id()));
        models.putIfAbsent(
            name,
            new BackendModel(
                name, each.id(), each.contextLength(), each.warm(), each.memoryBytes()));
      } catch (InfernetException e) {
        LOG.debug("a model of {} is left out: {}", client.base(), e.getMessage());
      }
    }
    return CompletableFuture.completedFuture(
        new Sighting(kind, List.copyOf(models.values()), slots));
  }

  /** Where a server calls a model by the path of its file, the file's name is enough. */
  private static String shortened(String id) {
    return id.startsWith("/") || id.startsWith("./") || id.startsWith("../")
        ? id.substring(id.lastIndexOf('/') + 1)
        : id;
  }

  /** OpenAI's list, with the context where vLLM and SGLang say it. */
  private List<Found> listed(JsonNode data) {
    List<Found> found = new ArrayList<>();
    for (JsonNode model : data) {
      found.add(new Found(model.path("id").asText(), count(model.path("max_model_len")), true, 0));
    }
    return found;
  }

  /** A node's own models: what its peers and backends have is not its to give. */
  private static List<Found> ofNode(JsonNode data) {
    List<Found> found = new ArrayList<>();
    for (JsonNode model : data) {
      JsonNode own = model.path("infernet");
      if (own.path("installed").asBoolean() && !own.has("backend")) {
        found.add(
            new Found(
                model.path("id").asText(),
                count(own.path("context_length")),
                own.path("warm").asBoolean(),
                0));
      }
    }
    return found;
  }

  /** Older versions say the context in a place of their own. */
  private CompletableFuture<Sighting> sglang(JsonNode data) {
    List<Found> found = listed(data);
    if (found.stream().allMatch(model -> model.contextLength() > 0)) {
      return done(BackendKind.SGLANG, found, OptionalInt.empty());
    }
    return get("/get_server_info")
        .thenCompose(
            info -> {
              int context =
                  Math.max(
                      count(info.json().path("context_length")),
                      count(info.json().path("max_total_num_tokens")));
              return done(
                  BackendKind.SGLANG,
                  found.stream()
                      .map(
                          model ->
                              model.contextLength() > 0
                                  ? model
                                  : new Found(model.id(), context, true, 0))
                      .toList(),
                  OptionalInt.empty());
            });
  }

  private CompletableFuture<Sighting> llamaCpp(JsonNode data) {
    return get("/props")
        .thenCompose(
            props -> {
              int context = count(props.json().at("/default_generation_settings/n_ctx"));
              int slots = count(props.json().path("total_slots"));
              List<Found> found = new ArrayList<>();
              for (JsonNode model : data) {
                int trained = count(model.at("/meta/n_ctx_train"));
                found.add(
                    new Found(
                        model.path("id").asText(),
                        context > 0 ? context : trained,
                        true,
                        Math.max(0, model.at("/meta/size").asLong())));
              }
              return done(
                  BackendKind.LLAMA_CPP,
                  found,
                  slots > 0 ? OptionalInt.of(slots) : OptionalInt.empty());
            });
  }

  private CompletableFuture<Sighting> ollama() {
    return get("/api/tags")
        .thenCombine(get("/api/ps"), OllamaLists::new)
        .thenCompose(lists -> show(lists, 0, new HashMap<>()))
        .thenCompose(found -> done(BackendKind.OLLAMA, found, OptionalInt.empty()));
  }

  private record OllamaLists(List<JsonNode> models, Map<String, JsonNode> running) {
    OllamaLists(BackendClient.Reply tags, BackendClient.Reply ps) {
      this(local(tags.json().path("models")), byName(ps.json().path("models")));
    }

    /** Models of Ollama's cloud cost its user money, and are not this machine's. */
    private static List<JsonNode> local(JsonNode all) {
      List<JsonNode> models = new ArrayList<>();
      all.forEach(
          model -> {
            if (model.path("remote_host").asText().isEmpty()) {
              models.add(model);
            }
          });
      return models;
    }

    private static Map<String, JsonNode> byName(JsonNode all) {
      Map<String, JsonNode> models = new HashMap<>();
      all.forEach(model -> models.put(model.path("name").asText(), model));
      return models;
    }
  }

  /** Asks for the context of one model after the other. */
  private CompletableFuture<List<Found>> show(
      OllamaLists lists, int index, Map<String, JsonNode> known) {
    if (index >= Math.min(lists.models().size(), config.maxModels())) {
      shown = known;
      return CompletableFuture.completedFuture(found(lists, known));
    }
    JsonNode model = lists.models().get(index);
    String key = key(model);
    CompletableFuture<JsonNode> details =
        shown.containsKey(key)
            ? CompletableFuture.completedFuture(shown.get(key))
            : client
                .post(
                    "/api/show",
                    JsonNodeFactory.instance.objectNode().put("model", model.path("name").asText()),
                    config.probeTimeout())
                .thenApply(reply -> reply.json().path("model_info"));
    return details.thenCompose(
        info -> {
          known.put(key, info);
          return show(lists, index + 1, known);
        });
  }

  private static String key(JsonNode model) {
    return model.path("name").asText() + " " + model.path("digest").asText();
  }

  private List<Found> found(OllamaLists lists, Map<String, JsonNode> details) {
    List<Found> found = new ArrayList<>();
    for (JsonNode model : lists.models()) {
      String name = model.path("name").asText();
      JsonNode loaded = lists.running().get(name);
      int context = loaded == null ? 0 : count(loaded.path("context_length"));
      JsonNode info = details.get(key(model));
      if (context == 0 && info != null) {
        for (var field : info.properties()) {
          if (field.getKey().endsWith(".context_length")) {
            context = count(field.getValue());
          }
        }
      }
      found.add(
          new Found(
              name,
              context,
              loaded != null,
              loaded == null ? 0 : Math.max(0, loaded.path("size").asLong())));
    }
    return found;
  }

  private static int count(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt() ? Math.max(0, node.asInt()) : 0;
  }
}
