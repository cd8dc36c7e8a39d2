package io.infernet.inference.engine.remote;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which backends there are and what is taken from them.
 *
 * @param urls servers that are used whatever they are; without {@code /v1}
 * @param discover whether the usual ports of this machine are looked at too
 * @param ports the usual ports
 * @param apiKey sent to the servers of {@code urls} when not empty; never to one that was only
 *     found
 * @param connectTimeout to a connection
 * @param probeTimeout to the answer to a short question, such as which models there are
 * @param firstTokenTimeout to the first piece of an answer; a server may have to load the model
 * @param tokenTimeout from each piece of an answer to the next
 * @param embeddingTimeout to the answer to one request for embeddings
 * @param probeInterval between looks at a server that answers, and the first pause after one that
 *     does not
 * @param maxProbePause longest pause between looks at a server that does not answer
 * @param maxRequests answers of one server at once
 * @param maxModels models of one server
 * @param maxBodyBytes of an answer that is not streamed
 * @param maxEventBytes of one event of a stream
 * @param maxAnswerChars of a whole answer, in Unicode code points
 */
public record BackendConfig(
    List<URI> urls,
    boolean discover,
    List<Integer> ports,
    String apiKey,
    Duration connectTimeout,
    Duration probeTimeout,
    Duration firstTokenTimeout,
    Duration tokenTimeout,
    Duration embeddingTimeout,
    Duration probeInterval,
    Duration maxProbePause,
    int maxRequests,
    int maxModels,
    int maxBodyBytes,
    int maxEventBytes,
    int maxAnswerChars) {

  /** Those of vLLM, SGLang, Ollama and llama.cpp's server. */
  public static final List<Integer> USUAL_PORTS = List.of(8000, 30000, 11434, 8080);

  public BackendConfig {
    urls = urls.stream().map(BackendConfig::base).distinct().toList();
    ports = List.copyOf(ports);
    requireNonNull(apiKey, "apiKey is null");
    Stream.of(
            connectTimeout,
            probeTimeout,
            firstTokenTimeout,
            tokenTimeout,
            embeddingTimeout,
            probeInterval,
            maxProbePause)
        .forEach(
            time -> {
              if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException("a time of the backends is not above 0");
              }
            });
    if (maxRequests < 1
        || maxModels < 1
        || maxBodyBytes < 1
        || maxEventBytes < 1
        || maxAnswerChars < 1) {
      throw new IllegalArgumentException("a limit of the backends is below 1");
    }
  }

  /** Nothing named; the usual ports are looked at. */
  public static BackendConfig defaults() {
    return new BackendConfig(
        List.of(),
        true,
        USUAL_PORTS,
        "",
        Duration.ofSeconds(3),
        Duration.ofSeconds(5),
        Duration.ofMinutes(5),
        Duration.ofMinutes(1),
        Duration.ofMinutes(2),
        Duration.ofSeconds(3),
        Duration.ofSeconds(15),
        32,
        64,
        16 << 20,
        1 << 20,
        1 << 20);
  }

  /** The same with what people set. */
  public BackendConfig with(
      List<URI> otherUrls, boolean otherDiscover, String otherApiKey, int otherMaxRequests) {
    return new BackendConfig(
        otherUrls,
        otherDiscover,
        ports,
        otherApiKey,
        connectTimeout,
        probeTimeout,
        firstTokenTimeout,
        tokenTimeout,
        embeddingTimeout,
        probeInterval,
        maxProbePause,
        otherMaxRequests,
        maxModels,
        maxBodyBytes,
        maxEventBytes,
        maxAnswerChars);
  }

  /**
   * The address of a server as it is used here: without the {@code /v1} that clients of OpenAI's
   * API put at its end.
   *
   * @throws IllegalArgumentException when it is no {@code http} or {@code https} URL of a host
   */
  public static URI base(URI url) {
    String scheme = String.valueOf(url.getScheme());
    if (!(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))
        || url.getHost() == null
        || url.getUserInfo() != null
        || url.getQuery() != null
        || url.getFragment() != null) {
      throw new IllegalArgumentException("not the URL of a server: " + url);
    }
    String text = url.toString().replaceFirst("/+$", "").replaceFirst("/v1$", "");
    return URI.create(text.replaceFirst("/+$", ""));
  }
}
