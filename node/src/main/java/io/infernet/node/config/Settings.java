package io.infernet.node.config;

import io.infernet.discovery.bootstrap.BootstrapConfig;
import io.infernet.discovery.directory.Capabilities;
import io.infernet.discovery.directory.NetworkName;
import io.infernet.discovery.directory.PriceList;
import io.infernet.discovery.directory.ProviderPolicy;
import io.infernet.inference.InfernetException;
import io.infernet.inference.batching.BatcherConfig;
import io.infernet.inference.engine.DeviceChoice;
import io.infernet.inference.engine.remote.BackendConfig;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Multiaddr;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The catalogue of settings, in the order in which {@code config.toml} and {@code config show} list
 * them. Whatever can be set stands here once.
 */
public final class Settings {

  private static final SettingType<Multiaddr> MULTIADDR =
      SettingType.text("a multiaddr such as /ip4/0.0.0.0/tcp/11501", Multiaddr::parse);

  public static final Setting<List<Role>> ROLES =
      Setting.of(
          "node.roles",
          SettingType.listOf(SettingType.text("provider or client", Role::parse)),
          List.of(Role.PROVIDER, Role.CLIENT),
          "What this node does: provider (runs models for others), client (has others run them).");

  public static final Setting<String> REGION =
      Setting.of(
          "node.region",
          SettingType.text(
              "up to 32 lower-case letters, digits and hyphens", Settings::parseRegion),
          "",
          "Where this node stands, such as eu-central, for those who want near answers; empty says"
              + " nothing.");

  public static final Setting<List<String>> REFUSES =
      Setting.of(
          "node.refuses",
          SettingType.listOf(
              SettingType.text(
                  "a topic of up to 32 lower-case letters, digits and hyphens",
                  Settings::parseTopic)),
          List.of(),
          "Topics of content that this node does not work on for others, such as medical.");

  public static final Setting<NetworkName> NETWORK =
      Setting.of(
          "network.name",
          SettingType.text("up to 32 lower-case letters, digits and hyphens", NetworkName::new),
          NetworkName.MAIN,
          "The network to be part of; nodes of another name neither find nor hear this one.");

  public static final Setting<List<Multiaddr>> LISTEN =
      Setting.of(
          "network.listen",
          SettingType.listOf(MULTIADDR),
          List.of(Multiaddr.parse("/ip4/0.0.0.0/tcp/11501")),
          "Where other peers reach this node; port 0 takes any free port, an empty list none.");

  public static final Setting<List<Multiaddr>> BOOTSTRAP =
      Setting.of(
          "network.bootstrap",
          SettingType.listOf(
              SettingType.text(
                  "a multiaddr that ends in /p2p/PEER-ID, as `infernet serve` prints it, or"
                      + " /dnsaddr/NAME",
                  Settings::parsePeerAddress)),
          List.of(),
          "Peers to connect to first; more are learnt from them.");

  public static final Setting<Boolean> MDNS =
      Setting.of(
          "network.mdns",
          SettingType.bool(),
          true,
          "Whether to find nodes on the local network, and be found, without any address.");

  public static final Setting<DhtMode> DHT =
      Setting.of(
          "network.dht",
          SettingType.text("auto, client or server", DhtMode::parse),
          DhtMode.AUTO,
          "Whether to answer others' questions in the DHT (server) or only ask (client); auto"
              + " answers when the node listens and is a provider.");

  public static final Setting<Integer> MAX_CONNECTIONS =
      Setting.of(
          "network.max_connections",
          SettingType.integer(16, 100_000),
          512,
          "Most connections at once; above half of that the least useful are closed.");

  public static final Setting<HostAndPort> API_ADDRESS =
      Setting.of(
          "api.address",
          SettingType.text("HOST:PORT, such as 127.0.0.1:11500", HostAndPort::parse),
          HostAndPort.parse("127.0.0.1:11500"),
          "Where the OpenAI-compatible API listens. Wider than loopback it needs api.key.");

  public static final Setting<String> API_KEY =
      new Setting<>(
          "api.key",
          SettingType.text("printable text without spaces", Settings::parseKey),
          "",
          true,
          "When set, every request must carry it as \"Authorization: Bearer KEY\".");

  public static final Setting<Integer> API_MAX_BODY_BYTES =
      Setting.of(
          "api.max_body_bytes",
          SettingType.integer(1024, 1 << 28),
          4 << 20,
          "Largest request body that the API reads.");

  public static final Setting<Integer> API_MAX_REQUESTS =
      Setting.of(
          "api.max_requests",
          SettingType.integer(1, 10_000),
          64,
          "How many requests the API answers at once; more get status 429.");

  public static final Setting<List<ModelName>> WARM_MODELS =
      Setting.of(
          "models.warm",
          SettingType.listOf(
              SettingType.text("a model's NAME or NAME:VARIANT", Settings::parseModelName)),
          List.of(),
          "Models to load at start and keep in memory.");

  public static final Setting<Duration> MODELS_KEEP_ALIVE =
      Setting.of(
          "models.keep_alive",
          SettingType.duration(Duration.ZERO, Duration.ofHours(24)),
          Duration.ZERO,
          "How long a model stays in memory that nobody uses; 0s keeps it until another needs the"
              + " room.");

  public static final Setting<DeviceChoice> ENGINE_DEVICE =
      Setting.of(
          "engine.device",
          SettingType.text("auto, cpu, cuda, cuda:N or mps", DeviceChoice::parse),
          DeviceChoice.AUTO,
          "Where models compute; auto takes a GPU where one can be used.");

  public static final Setting<Boolean> ENGINE_REQUIRE_GPU =
      Setting.of(
          "engine.require_gpu",
          SettingType.bool(),
          false,
          "Whether to end with the reason when no GPU can be used, instead of going on without.");

  public static final Setting<String> ENGINE_LIBTORCH =
      Setting.of(
          "engine.libtorch",
          SettingType.text("a folder", text -> text),
          "",
          "The folder of another build of libtorch 2.7.1, such as one for CUDA; empty takes the one"
              + " for the processor that comes with this program.");

  public static final Setting<Integer> ENGINE_THREADS =
      Setting.of(
          "engine.threads",
          SettingType.integer(0, 1024),
          0,
          "Threads for computing; 0 takes one per core.");

  public static final Setting<Long> ENGINE_MEMORY_BUDGET =
      Setting.of(
          "engine.memory_budget",
          SettingType.size(),
          0L,
          "Memory of the device for all models together; auto takes most of what there is.");

  public static final Setting<Long> ENGINE_KV_BUDGET =
      Setting.of(
          "engine.kv_budget",
          SettingType.size(),
          0L,
          "Memory for the keys and values of one model; auto takes up to a quarter of all.");

  public static final Setting<Integer> ENGINE_MAX_CONTEXT =
      Setting.of(
          "engine.max_context",
          SettingType.integer(16, 1 << 20),
          8192,
          "Most tokens of prompt and answer together, where the model allows more.");

  public static final Setting<Integer> ENGINE_MAX_BATCH =
      Setting.of(
          "engine.max_batch",
          SettingType.integer(1, 1024),
          BatcherConfig.defaults().maxBatch(),
          "Most answers that one model makes at once; others wait.");

  public static final Setting<Integer> ENGINE_PREFILL_CHUNK =
      Setting.of(
          "engine.prefill_chunk",
          SettingType.integer(1, 1 << 16),
          BatcherConfig.defaults().prefillTokens(),
          "Tokens of prompts that are read in one step; smaller makes other answers flow more"
              + " evenly meanwhile.");

  public static final Setting<Boolean> ENGINE_PREFIX_CACHE =
      Setting.of(
          "engine.prefix_cache",
          SettingType.bool(),
          true,
          "Whether to keep what was computed of prompts for others that begin alike.");

  public static final Setting<Boolean> ENGINE_DETERMINISTIC =
      Setting.of(
          "engine.deterministic",
          SettingType.bool(),
          false,
          "Whether an answer is the same to the last bit on the same machine, whatever else is"
              + " asked for; slow with many answers at once.");

  public static final Setting<Double> ENGINE_MAX_TOKENS_PER_SECOND =
      Setting.of(
          "engine.max_tokens_per_second",
          SettingType.number(0, 1_000_000),
          0.0,
          "Hands the tokens of each answer out no faster than this; 0 is as fast as they come.");

  public static final Setting<List<URI>> BACKEND_URLS =
      Setting.of(
          "backend.urls",
          SettingType.listOf(
              SettingType.text(
                  "the URL of a server, such as http://127.0.0.1:8000",
                  text -> BackendConfig.base(URI.create(text)))),
          List.of(),
          "OpenAI-compatible servers (vLLM, SGLang, Ollama, llama.cpp) whose models this node uses"
              + " and, as a provider, serves.");

  public static final Setting<Boolean> BACKEND_DISCOVER =
      Setting.of(
          "backend.discover",
          SettingType.bool(),
          true,
          "Whether to look for such servers on this machine too, at their usual ports 8000, 30000,"
              + " 11434 and 8080.");

  public static final Setting<String> BACKEND_API_KEY =
      new Setting<>(
          "backend.api_key",
          SettingType.text("printable text without spaces", Settings::parseKey),
          "",
          true,
          "Sent to the servers of backend.urls as \"Authorization: Bearer KEY\"; never to one that"
              + " was only found.");

  public static final Setting<Integer> BACKEND_MAX_REQUESTS =
      Setting.of(
          "backend.max_requests",
          SettingType.integer(1, 10_000),
          32,
          "Most answers of one such server at once.");

  public static final Setting<Long> PRICE_BASE =
      Setting.of(
          "price.base",
          SettingType.longInteger(0, PriceList.MAX),
          0L,
          "What this node takes for each job, in millionths of the currency's unit.");

  public static final Setting<Long> PRICE_PER_1000_TOKENS =
      Setting.of(
          "price.per_1000_tokens",
          SettingType.longInteger(0, PriceList.MAX),
          0L,
          "What this node takes for a thousand tokens, read or made.");

  public static final Setting<Duration> JOB_DEADLINE =
      Setting.of(
          "job.deadline",
          SettingType.duration(Duration.ofMillis(100), Duration.ofMinutes(50)),
          Duration.ofMinutes(5),
          "A job that takes longer fails, unless the request says otherwise.");

  public static final Setting<Duration> JOB_FIRST_TOKEN_TIMEOUT =
      Setting.of(
          "job.first_token_timeout",
          SettingType.duration(Duration.ofMillis(100), Duration.ofHours(1)),
          Duration.ofSeconds(15),
          "A provider with a warm model that has not sent the first token by then is given up for"
              + " another one.");

  public static final Setting<Duration> JOB_TOKEN_TIMEOUT =
      Setting.of(
          "job.token_timeout",
          SettingType.duration(Duration.ofMillis(100), Duration.ofHours(1)),
          Duration.ofSeconds(10),
          "A provider that is silent for longer in mid-answer is given up for another one.");

  public static final Setting<Long> JOB_MAX_PRICE =
      Setting.of(
          "job.max_price",
          SettingType.longInteger(0, Long.MAX_VALUE),
          0L,
          "The most to pay for an answer, in millionths of the currency's unit; 0 takes only free"
              + " ones.");

  private static final List<Setting<?>> ALL =
      List.of(
          ROLES,
          REGION,
          REFUSES,
          NETWORK,
          LISTEN,
          BOOTSTRAP,
          MDNS,
          DHT,
          MAX_CONNECTIONS,
          API_ADDRESS,
          API_KEY,
          API_MAX_BODY_BYTES,
          API_MAX_REQUESTS,
          WARM_MODELS,
          MODELS_KEEP_ALIVE,
          ENGINE_DEVICE,
          ENGINE_REQUIRE_GPU,
          ENGINE_LIBTORCH,
          ENGINE_THREADS,
          ENGINE_MEMORY_BUDGET,
          ENGINE_KV_BUDGET,
          ENGINE_MAX_CONTEXT,
          ENGINE_MAX_BATCH,
          ENGINE_PREFILL_CHUNK,
          ENGINE_PREFIX_CACHE,
          ENGINE_DETERMINISTIC,
          ENGINE_MAX_TOKENS_PER_SECOND,
          BACKEND_URLS,
          BACKEND_DISCOVER,
          BACKEND_API_KEY,
          BACKEND_MAX_REQUESTS,
          PRICE_BASE,
          PRICE_PER_1000_TOKENS,
          JOB_DEADLINE,
          JOB_FIRST_TOKEN_TIMEOUT,
          JOB_TOKEN_TIMEOUT,
          JOB_MAX_PRICE);

  private Settings() {}

  /** Every setting there is. */
  public static List<Setting<?>> all() {
    return ALL;
  }

  /** The setting named {@code key}, if there is one. */
  static Optional<Setting<?>> find(String key) {
    return ALL.stream()
        .<Setting<?>>map(setting -> setting)
        .filter(s -> s.key().equals(key))
        .findFirst();
  }

  private static Multiaddr parsePeerAddress(String text) {
    return BootstrapConfig.check(Multiaddr.parse(text));
  }

  private static String parseTopic(String text) {
    return new ProviderPolicy(List.of(text)).refuses().get(0);
  }

  private static String parseRegion(String text) {
    if (!text.isEmpty() && !Capabilities.isRegion(text)) {
      throw new IllegalArgumentException("not a region");
    }
    return text;
  }

  private static String parseKey(String text) {
    if (!text.matches("[\\x21-\\x7e]{0,512}")) {
      throw new IllegalArgumentException("not printable ASCII");
    }
    return text;
  }

  private static ModelName parseModelName(String text) {
    try {
      return ModelName.parse(text);
    } catch (InfernetException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
