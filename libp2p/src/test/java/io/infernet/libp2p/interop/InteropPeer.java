package io.infernet.libp2p.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.OperatingSystemMXBean;
import io.infernet.libp2p.concurrent.EventThread;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Connection;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.NettyHost;
import io.infernet.libp2p.host.ProtocolId;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.protocol.identify.IdentifyConfig;
import io.infernet.libp2p.protocol.identify.IdentifyMessage;
import io.infernet.libp2p.protocol.identify.IdentifyService;
import io.infernet.libp2p.protocol.identify.ObservationConfig;
import io.infernet.libp2p.protocol.ping.PingConfig;
import io.infernet.libp2p.protocol.ping.PingService;
import io.infernet.libp2p.testing.HostConfigBuilder;
import io.infernet.libp2p.testing.LoopbackNetwork;
import io.infernet.libp2p.transport.tcp.InterfaceAddresses;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;

/** A peer that does as it is told, the same as {@code scripts/interop/js-peer.mjs}. */
public final class InteropPeer {

  private static final IdentifyConfig IDENTIFY =
      new IdentifyConfig(
          "infernet-interop/1.0.0",
          "infernet/1.0.0",
          List.of(),
          32,
          ObservationConfig.defaults(),
          8 * 1024,
          10,
          Duration.ofSeconds(10),
          /* refreshInterval= */ Duration.ofMillis(200));

  /** Writes under way on the only busy stream. */
  private static final int MAX_WRITES = 16;

  private static final int MAX_IDENTIFY_TASKS = 1024;

  private record Services(Host host, PingService ping, IdentifyService identify) {}

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final LoopbackNetwork network = new LoopbackNetwork();
  private final List<Services> hosts = new CopyOnWriteArrayList<>();
  private final Sink sink = new Sink(timer);
  private final InteropProtocols protocols = new InteropProtocols(sink);
  private final AtomicLong sent = new AtomicLong();

  private InteropPeer() {}

  /** Obeys until stdin ends. */
  public static void main(String[] args) throws IOException {
    CommandLoop commands = new CommandLoop();
    new InteropPeer().register(commands);
    commands.run();
  }

  private void register(CommandLoop commands) {
    commands.put("host", this::host);
    commands.put("connect", this::connect);
    commands.put("connections", this::connections);
    commands.put("identified", this::identified);
    commands.put("disconnect", this::disconnect);
    commands.put("handle", this::handle);
    commands.put("ping", this::ping);
    commands.put("echo", this::echo);
    commands.put("send", this::send);
    commands.put("sink", this::sink);
    commands.put("report", this::report);
    commands.put("memory", this::memory);
    commands.put("fetch", this::fetch);
    commands.put("reset", this::reset);
    commands.put("sendToReset", this::sendToReset);
    commands.put("open", this::open);
  }

  private Object host(JsonNode parameters) throws Exception {
    KeyType type = KeyType.valueOf(parameters.get("key").asText().toUpperCase(Locale.ROOT));
    PrivateKey key = PrivateKey.generate(type, new SecureRandom());
    boolean earlyMuxer = parameters.get("earlyMuxer").asBoolean();
    NettyHost host = network.unstarted(key, HostConfigBuilder.with(c -> c.earlyMuxer = earlyMuxer));
    protocols.serve(host);
    host.start().get();
    PingService ping =
        new PingService(
            host,
            PingConfig.defaults(),
            network.scheduler(),
            Ticker.system(),
            new SplittableRandom());
    IdentifyService identify =
        new IdentifyService(
            host,
            key,
            IDENTIFY,
            InterfaceAddresses.system(),
            new EventThread("identify", MAX_IDENTIFY_TASKS),
            network.scheduler(),
            Clock.systemUTC());
    ping.start();
    identify.start();
    synchronized (hosts) {
      hosts.add(new Services(host, ping, identify));
      return Map.of(
          "host", hosts.size() - 1,
          "peer", host.peerId().toString(),
          "addresses", texts(host.listenAddresses()));
    }
  }

  private Object connect(JsonNode parameters) throws Exception {
    PeerInfo target = PeerInfo.parse(parameters.get("address").asText());
    Connection connection = hostOf(parameters).connect(target).get();
    return Map.of("peer", connection.remotePeer().toString());
  }

  private Object connections(JsonNode parameters) {
    return hostOf(parameters).connections().stream()
        .map(
            connection ->
                Map.of(
                    "peer", connection.remotePeer().toString(),
                    "remoteAddress", connection.remoteAddress().toString(),
                    "initiator", connection.isInitiator()))
        .toList();
  }

  /** What identify said. Protocols follow pushes. */
  private Object identified(JsonNode parameters) throws Exception {
    Services services = servicesOf(parameters);
    PeerId peer = peerOf(parameters);
    Connection connection = services.host().connection(peer).orElseThrow();
    IdentifyMessage said = services.identify().identified(connection).get();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("agent", said.agentVersion().orElse(null));
    answer.put("protocolVersion", said.protocolVersion().orElse(null));
    answer.put("addresses", texts(said.listenAddresses()));
    answer.put(
        "signedAddresses",
        services
            .host()
            .peers()
            .signedRecord(peer)
            .map(signed -> texts(signed.record().addresses()))
            .orElse(List.of()));
    answer.put(
        "observed", said.observedAddress().map(a -> a.withoutPeer().toString()).orElse(null));
    answer.put(
        "protocols", texts(services.host().peers().metadata(peer).orElseThrow().protocols()));
    return answer;
  }

  private Object disconnect(JsonNode parameters) throws Exception {
    hostOf(parameters).disconnect(peerOf(parameters)).get();
    return Map.of();
  }

  private Object handle(JsonNode parameters) {
    ProtocolId protocol = ProtocolId.of(parameters.get("protocol").asText());
    hostOf(parameters).handle(protocol, InteropProtocols::echo);
    return Map.of();
  }

  private Object ping(JsonNode parameters) throws Exception {
    return Map.of(
        "millis", servicesOf(parameters).ping().ping(peerOf(parameters)).get().toMillis());
  }

  private Object echo(JsonNode parameters) throws Exception {
    int streams = parameters.get("streams").asInt();
    long bytes = parameters.get("bytes").asLong();
    List<CompletableFuture<Map<String, String>>> echoes = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      echoes.add(
          openStream(parameters, InteropProtocols.ECHO)
              .thenCompose(stream -> echoOnce(stream, bytes)));
    }
    List<Map<String, String>> digests = new ArrayList<>();
    for (CompletableFuture<Map<String, String>> each : echoes) {
      digests.add(each.get());
    }
    return digests;
  }

  private static CompletableFuture<Map<String, String>> echoOnce(Stream stream, long bytes) {
    MessageDigest sent = Hashing.sha256();
    MessageDigest received = Hashing.sha256();
    CompletableFuture<Void> reading = ByteReader.read(stream, received::update);
    return InteropProtocols.writeRandom(stream, bytes, sent)
        .thenCompose(none -> stream.closeWrite())
        .thenCompose(none -> reading)
        .thenApply(none -> Map.of("sent", hex(sent), "received", hex(received)));
  }

  /** Sends to the remote's sink; the seconds run from the first write to the sink's answer. */
  private Object send(JsonNode parameters) throws Exception {
    sent.set(0);
    Stream stream = openStream(parameters, InteropProtocols.SINK).get();
    int writeBytes = parameters.path("writeBytes").asInt(InteropProtocols.WRITE_BYTES);
    boolean digesting = parameters.get("digest").asBoolean();
    MessageDigest digest = Hashing.sha256();
    SplittableRandom random = new SplittableRandom();
    ByteBuffer zeros = ByteBuffer.allocate(writeBytes);
    ByteBuffer answer = ByteBuffer.allocate(Long.BYTES);
    CompletableFuture<Void> reading = ByteReader.read(stream, answer::put);
    long start = System.nanoTime();
    ByteWriter.write(
            stream,
            parameters.get("bytes").asLong(),
            writeBytes,
            MAX_WRITES,
            size ->
                digesting
                    ? InteropProtocols.randomBytes(random, size, digest)
                    : zeros.slice(0, size),
            sent::addAndGet)
        .get();
    stream.closeWrite().get();
    reading.get();
    double seconds = (System.nanoTime() - start) / 1e9;
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("seconds", seconds);
    result.put("acknowledged", answer.flip().getLong());
    if (digesting) {
      result.put("digest", hex(digest));
    }
    return result;
  }

  private Object sink(JsonNode parameters) {
    sink.configure(
        parameters.get("stalled").asBoolean(),
        parameters.get("bytesPerSecond").asLong(),
        parameters.get("digest").asBoolean());
    return Map.of();
  }

  private Object report(JsonNode parameters) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("sent", sent.get());
    report.put("consumed", sink.consumed());
    report.put("result", sink.result());
    report.put("resetsSeen", protocols.resetsSeen());
    report.put(
        "cpuSeconds",
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9);
    return report;
  }

  /** Live bytes of this process, in the heap and outside of it. */
  private Object memory(JsonNode parameters) {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    long direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    // Netty counts what it allocates past the JDK's own count; each count may include the other.
    long netty = io.netty.util.internal.PlatformDependent.usedDirectMemory();
    return Map.of("bytes", heap + Math.max(direct, netty));
  }

  /** Half-closes, then reads what the remote's source answers. */
  private Object fetch(JsonNode parameters) throws Exception {
    int count = parameters.get("bytes").asInt();
    Stream stream = openStream(parameters, InteropProtocols.SOURCE).get();
    ByteBuffer answer = ByteBuffer.allocate(count + 32);
    CompletableFuture<Void> reading = ByteReader.read(stream, answer::put);
    stream.send(ByteBuffer.allocate(Long.BYTES).putLong(count).flip());
    stream.closeWrite().get();
    reading.get();
    MessageDigest digest = Hashing.sha256();
    digest.update(answer.array(), 0, count);
    boolean intact =
        ByteBuffer.wrap(answer.array(), count, 32).equals(ByteBuffer.wrap(digest.digest()));
    return Map.of("bytes", answer.position() - 32, "intact", intact);
  }

  /** Opens a stream, waits for the remote's byte, resets. */
  private Object reset(JsonNode parameters) throws Exception {
    Stream stream = openStream(parameters, InteropProtocols.HOLD).get();
    CompletableFuture<Void> first = new CompletableFuture<>();
    ByteReader.read(stream, data -> first.complete(null))
        .whenComplete((none, failure) -> first.completeExceptionally(new IOException("no byte")));
    first.get();
    stream.reset();
    return Map.of();
  }

  /** Sends to a remote that resets: answers whether the writer noticed. */
  private Object sendToReset(JsonNode parameters) throws Exception {
    Stream stream = openStream(parameters, InteropProtocols.RESET).get();
    CompletableFuture<String> reader =
        ByteReader.read(stream, data -> {})
            .handle((none, failure) -> failure == null ? "ended" : "reset");
    CompletableFuture<String> writer =
        InteropProtocols.writeRandom(stream, parameters.get("bytes").asLong(), Hashing.sha256())
            .handle((none, failure) -> failure == null ? "written" : "failed");
    return Map.of("writer", writer.get(), "reader", reader.get());
  }

  /** Opens a stream with a protocol; answers whether the remote agreed. */
  private Object open(JsonNode parameters) throws Exception {
    try {
      openStream(parameters, ProtocolId.of(parameters.get("protocol").asText())).get().reset();
      return Map.of("opened", true);
    } catch (ExecutionException e) {
      return Map.of("opened", false, "error", e.getCause().toString());
    }
  }

  private Services servicesOf(JsonNode parameters) {
    return hosts.get(parameters.get("host").asInt());
  }

  private Host hostOf(JsonNode parameters) {
    return servicesOf(parameters).host();
  }

  private static PeerId peerOf(JsonNode parameters) {
    return PeerId.parse(parameters.get("peer").asText());
  }

  private CompletableFuture<Stream> openStream(JsonNode parameters, ProtocolId protocol) {
    return hostOf(parameters).newStream(peerOf(parameters), List.of(protocol));
  }

  private static List<String> texts(List<?> values) {
    return values.stream().map(Object::toString).toList();
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
