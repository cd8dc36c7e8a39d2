package io.infernet.discovery.mdns;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.mdns.MdnsMessage.Pointer;
import io.infernet.discovery.mdns.MdnsMessage.Query;
import io.infernet.discovery.mdns.MdnsMessage.Question;
import io.infernet.discovery.mdns.MdnsMessage.ResourceRecord;
import io.infernet.discovery.mdns.MdnsMessage.Response;
import io.infernet.discovery.mdns.MdnsMessage.Text;
import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the peers of the local network by multicast DNS, dials them, and lets them find this one.
 * On every link it asks who is there, at the start and ever more rarely, and answers with those of
 * this node's addresses that are on the link. However much is asked, it says so once a second at
 * most. Public methods are safe from any thread; its owner starts and closes it.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/discovery/mdns.md">libp2p mDNS</a>
 */
public final class MdnsDiscovery implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(MdnsDiscovery.class);

  /** RFC 6762 §3. */
  static final int PORT = 5353;

  /** Largest packet that is read, RFC 6762 §17. */
  static final int MAX_PACKET = 9_000;

  /** RFC 6763 §9. */
  private static final String META_QUERY = "_services._dns-sd._udp.local";

  private static final String ADDRESS_ATTRIBUTE = "dnsaddr=";

  /** How long a resolver that knows nothing of multicast may keep an answer, RFC 6762 §6.7. */
  private static final long LEGACY_TIME_TO_LIVE = 10;

  /** Answers to a question that all get wait a random time, RFC 6762 §6. */
  private static final Duration MIN_DELAY = Duration.ofMillis(20);

  private static final Duration MAX_DELAY = Duration.ofMillis(120);

  /** Of two peers that find each other the one with the lower id dials, within this time. */
  private static final Duration FIRST_DIAL = Duration.ofMillis(100);

  /** So long the other one waits to be dialled, if it said where. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private static final int NAME_LENGTH = 32;

  /** Packets that wait to be looked at; more are lost. */
  private static final int MAX_WAITING = 256;

  private final Host host;
  private final MdnsConfig config;
  private final MulticastLinks links;
  private final Executor executor;
  private final Scheduler scheduler;
  private final Ticker ticker;
  private final RandomGenerator random;
  private final MdnsCodec codec = new MdnsCodec(MAX_PACKET);
  private final List<Consumer<PeerInfo>> listeners = new CopyOnWriteArrayList<>();

  // On the executor only.
  private final Map<MulticastLink, Link> open = new LinkedHashMap<>();
  private final FoundPeers found;
  private String name = "";
  private int dials;
  private Scheduler.Cancellable dialTimer = () -> {};
  private Scheduler.Cancellable refreshTimer = () -> {};
  private boolean told;

  // What takes back the answers given; close() says it from whatever thread.
  private final Map<MulticastLink, ByteBuffer> goodbyes = new ConcurrentHashMap<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile boolean running;

  /** How it stands with one link. */
  private static final class Link {
    Scheduler.Cancellable queryTimer = () -> {};
    Scheduler.Cancellable answerTimer = () -> {};
    List<Multiaddr> addresses = List.of();
    Duration interval;
    boolean answerWaits;
    boolean answered;
    long answeredAt;
    int unicasts;
    long unicastsSince;

    Link(Duration interval) {
      this.interval = interval;
    }
  }

  /** On the interfaces of this machine. */
  public MdnsDiscovery(
      Host host,
      MdnsConfig config,
      Executor executor,
      Scheduler scheduler,
      Ticker ticker,
      RandomGenerator random) {
    this(host, config, new DatagramLinks(), executor, scheduler, ticker, random);
  }

  /**
   * @param links closed with this
   * @param executor runs one task at a time, such as an event thread; holds more than {@value
   *     #MAX_WAITING} of them
   * @param random spreads packets and dials, and makes the name on the link
   */
  MdnsDiscovery(
      Host host,
      MdnsConfig config,
      MulticastLinks links,
      Executor executor,
      Scheduler scheduler,
      Ticker ticker,
      RandomGenerator random) {
    this.host = requireNonNull(host, "host is null");
    this.config = requireNonNull(config, "config is null");
    this.links = requireNonNull(links, "links is null");
    this.executor = requireNonNull(executor, "executor is null");
    this.scheduler = requireNonNull(scheduler, "scheduler is null");
    this.ticker = requireNonNull(ticker, "ticker is null");
    this.random = requireNonNull(random, "random is null");
    this.found = new FoundPeers(config);
  }

  /** Tells of each peer found, and again when it has new addresses; on the executor. */
  public void addListener(Consumer<PeerInfo> listener) {
    listeners.add(listener);
  }

  /** The peers that say they are on the local network. */
  public CompletableFuture<List<PeerInfo>> found() {
    return CompletableFuture.supplyAsync(() -> found.all(ticker.nanoTime()), executor);
  }

  /** Begins to ask and to answer; the host must have been started. */
  public void start() {
    execute(
        () -> {
          running = true;
          name = randomName() + "." + config.serviceName();
          links.start(this::onPacket);
          refresh();
        });
  }

  /** It means nothing, and no peer id, which may be longer than a label of DNS. */
  private String randomName() {
    StringBuilder label = new StringBuilder(NAME_LENGTH);
    for (int i = 0; i < NAME_LENGTH; i++) {
      label.append(Character.forDigit(random.nextInt(36), 36));
    }
    return label.toString();
  }

  /** Looks for links that came or went, and for addresses that are new on one. */
  private void refresh() {
    if (!running) {
      return;
    }
    refreshTimer = later(config.refreshInterval(), this::refresh);
    List<MulticastLink> present = links.refresh();
    for (MulticastLink gone : List.copyOf(open.keySet())) {
      if (!present.contains(gone)) {
        stop(open.remove(gone));
        goodbyes.remove(gone);
      }
    }
    for (MulticastLink link : present) {
      Link state = open.get(link);
      List<Multiaddr> addresses = ownAddresses(link);
      if (state == null) {
        Link added = new Link(config.firstInterval());
        added.addresses = addresses;
        open.put(link, added);
        added.queryTimer = later(delay(MIN_DELAY, MAX_DELAY), () -> ask(link, added));
      } else if (!state.addresses.equals(addresses)) {
        state.addresses = addresses;
        answerLater(link, state);
      }
    }
    boolean alone = present.stream().allMatch(MulticastLink::loopback);
    if (alone && !told) {
      told = true;
      LOG.warn(
          "no network interface can multicast: other machines on the local network are not found"
              + " (mDNS); give --bootstrap an address to join the network");
    }
  }

  /** Those of the host's addresses that are on the link, wildcards resolved. */
  private List<Multiaddr> ownAddresses(MulticastLink link) {
    Set<Multiaddr> own = new LinkedHashSet<>();
    for (Multiaddr bound : host.listenAddresses()) {
      if (bound.ip().isEmpty() || bound.tcpPort().isEmpty() || bound.components().size() != 2) {
        continue;
      }
      InetAddress ip = bound.ip().get();
      for (LinkAddress address : link.addresses()) {
        InetAddress onLink = address.ip();
        boolean listens =
            ip.isAnyLocalAddress()
                ? ip.getClass().equals(onLink.getClass()) && isDialable(onLink)
                : ip.equals(onLink);
        if (listens && own.size() < config.maxAddresses()) {
          own.add(
              Multiaddr.fromSocketAddress(
                  new InetSocketAddress(onLink, bound.tcpPort().getAsInt())));
        }
      }
    }
    return List.copyOf(own);
  }

  /** A multiaddr cannot say on which interface a link-local IPv6 address is. */
  private static boolean isDialable(InetAddress ip) {
    return !ip.isLinkLocalAddress() || ip.getAddress().length == 4;
  }

  // Asking.

  private void ask(MulticastLink link, Link state) {
    state.queryTimer = later(state.interval, () -> ask(link, state));
    Duration doubled = state.interval.multipliedBy(2);
    state.interval = doubled.compareTo(config.maxInterval()) < 0 ? doubled : config.maxInterval();
    List<Pointer> known = new ArrayList<>(found.known(config.serviceName(), ticker.nanoTime()));
    Question question = new Question(config.serviceName(), MdnsMessage.POINTER, false);
    ByteBuffer packet = codec.encode(new Query(0, List.of(question), known));
    while (packet.remaining() > config.maxPacketSize()) {
      // Another few answers more than needed do no harm.
      known = known.subList(0, known.size() / 2);
      packet = codec.encode(new Query(0, List.of(question), known));
    }
    link.multicast(packet);
    // A peer answers its own question, so that others hear of it: specification, "Request".
    answerLater(link, state);
  }

  // Hearing.

  /** On a thread of the links. */
  private void onPacket(MulticastLink link, InetSocketAddress source, ByteBuffer packet) {
    if (!link.reaches(source.getAddress())) {
      LOG.debug("a packet from {}, which is not on {}", source, link.name());
      return;
    }
    MdnsMessage message;
    try {
      message = codec.decode(packet);
    } catch (ProtocolViolationException e) {
      LOG.debug("from {} on {}: {}", source, link.name(), e.getMessage());
      return;
    }
    if (message instanceof Query query && query.questions().stream().anyMatch(this::isForUs)) {
      enqueue(() -> onQuery(link, source, query));
    } else if (message instanceof Response response
        && response.answers().stream().anyMatch(answer -> isService(answer.name()))) {
      enqueue(() -> onResponse(link, source, response));
    }
  }

  /** A flood of packets must not keep timers and ends of dials out of the executor's queue. */
  private void enqueue(Runnable packet) {
    if (waiting.incrementAndGet() > MAX_WAITING) {
      waiting.decrementAndGet();
      return;
    }
    execute(
        () -> {
          waiting.decrementAndGet();
          if (running) {
            packet.run();
          }
        });
  }

  private boolean isService(String text) {
    return text.equalsIgnoreCase(config.serviceName());
  }

  private boolean isForUs(Question question) {
    String lower = question.name().toLowerCase(Locale.ROOT);
    return lower.equals(META_QUERY) || lower.endsWith(config.serviceName());
  }

  private void onQuery(MulticastLink link, InetSocketAddress source, Query query) {
    Link state = open.get(link);
    if (state == null) {
      return;
    }
    long enough = config.timeToLive().toSeconds() / 2;
    boolean knowsUs =
        query.known().stream()
            .anyMatch(
                known ->
                    isService(known.name())
                        && known.target().equalsIgnoreCase(name)
                        && known.timeToLive() >= enough);
    boolean legacy = source.getPort() != PORT;
    Set<Question> alone = new LinkedHashSet<>();
    for (Question question : query.questions()) {
      if (records(question, state, 0).isEmpty()) {
        continue;
      }
      if (legacy || question.unicast() || !isService(question.name())) {
        alone.add(question);
      } else if (!knowsUs) {
        answerLater(link, state);
      }
    }
    if (!alone.isEmpty() && mayUnicast(state)) {
      long timeToLive = legacy ? LEGACY_TIME_TO_LIVE : config.timeToLive().toSeconds();
      List<ResourceRecord> answers = new ArrayList<>();
      List<ResourceRecord> additional = new ArrayList<>();
      for (Question question : alone) {
        answers.addAll(records(question, state, timeToLive));
        if (isService(question.name())) {
          additional.add(text(state, timeToLive));
        }
      }
      ByteBuffer packet =
          codec.encode(
              new Response(
                  legacy ? query.id() : 0,
                  legacy ? List.copyOf(alone) : List.of(),
                  answers,
                  additional.stream().distinct().toList()));
      if (packet.remaining() <= config.maxPacketSize()) {
        link.unicast(source, packet);
      }
    }
  }

  /** What answers a question; nothing while this node listens nowhere on the link. */
  private List<ResourceRecord> records(Question question, Link state, long timeToLive) {
    if (state.addresses.isEmpty()) {
      return List.of();
    }
    boolean pointer = question.type() == MdnsMessage.POINTER || question.type() == MdnsMessage.ANY;
    boolean text = question.type() == MdnsMessage.TEXT || question.type() == MdnsMessage.ANY;
    if (pointer && isService(question.name())) {
      return List.of(new Pointer(config.serviceName(), timeToLive, name));
    }
    if (pointer && question.name().equalsIgnoreCase(META_QUERY)) {
      return List.of(new Pointer(META_QUERY, timeToLive, config.serviceName()));
    }
    if (text && question.name().equalsIgnoreCase(name)) {
      return List.of(text(state, timeToLive));
    }
    return List.of();
  }

  private Text text(Link state, long timeToLive) {
    return new Text(
        name,
        timeToLive,
        state.addresses.stream()
            .map(address -> ADDRESS_ATTRIBUTE + address.withPeer(host.peerId()))
            .filter(attribute -> attribute.length() <= MdnsCodec.MAX_NAME)
            .toList());
  }

  private boolean mayUnicast(Link state) {
    long now = ticker.nanoTime();
    if (now - state.unicastsSince >= Duration.ofSeconds(1).toNanos()) {
      state.unicastsSince = now;
      state.unicasts = 0;
    }
    return ++state.unicasts <= config.maxUnicastAnswers();
  }

  /** Answers all who ask in the meantime with one packet. */
  private void answerLater(MulticastLink link, Link state) {
    if (state.answerWaits || state.addresses.isEmpty()) {
      return;
    }
    state.answerWaits = true;
    Duration delay = delay(MIN_DELAY, MAX_DELAY);
    if (state.answered) {
      Duration rest =
          config.minAnswerInterval().minus(Duration.ofNanos(ticker.nanoTime() - state.answeredAt));
      delay = rest.compareTo(delay) > 0 ? rest : delay;
    }
    state.answerTimer =
        later(
            delay,
            () -> {
              state.answerWaits = false;
              state.answered = true;
              state.answeredAt = ticker.nanoTime();
              answer(link, state);
            });
  }

  private void answer(MulticastLink link, Link state) {
    if (!state.addresses.isEmpty()) {
      long timeToLive = config.timeToLive().toSeconds();
      link.multicast(answer(timeToLive, List.of(text(state, timeToLive))));
      goodbyes.put(link, answer(0, List.of()));
    }
  }

  private ByteBuffer answer(long timeToLive, List<ResourceRecord> additional) {
    return codec.encode(
        new Response(
            0,
            List.of(),
            List.of(new Pointer(config.serviceName(), timeToLive, name)),
            additional));
  }

  private void onResponse(MulticastLink link, InetSocketAddress source, Response response) {
    for (ResourceRecord answer : response.answers()) {
      if (answer instanceof Pointer pointer
          && isService(pointer.name())
          && !pointer.target().equalsIgnoreCase(name)) {
        if (pointer.timeToLive() == 0) {
          found.onGoodbye(pointer.target());
        } else {
          onPeer(link, source, pointer, response);
        }
      }
    }
  }

  private void onPeer(
      MulticastLink link, InetSocketAddress source, Pointer pointer, Response response) {
    Map<PeerId, Set<Multiaddr>> said = new LinkedHashMap<>();
    // Some implementations put the text among the answers.
    for (List<ResourceRecord> section : List.of(response.answers(), response.additional())) {
      for (ResourceRecord record : section) {
        if (record instanceof Text text && text.name().equalsIgnoreCase(pointer.target())) {
          text.strings().forEach(string -> take(string, link, source.getAddress(), said));
        }
      }
    }
    // A name is one peer's.
    if (said.size() != 1) {
      return;
    }
    said.forEach(
        (id, addresses) -> {
          if (!id.equals(host.peerId())) {
            onPeer(link, pointer, new PeerInfo(id, List.copyOf(addresses)));
          }
        });
  }

  private void take(
      String attribute, MulticastLink link, InetAddress source, Map<PeerId, Set<Multiaddr>> said) {
    if (!attribute.regionMatches(true, 0, ADDRESS_ATTRIBUTE, 0, ADDRESS_ATTRIBUTE.length())) {
      return;
    }
    Multiaddr full;
    try {
      full = Multiaddr.parse(attribute.substring(ADDRESS_ATTRIBUTE.length()));
    } catch (IllegalArgumentException e) {
      return; // of a kind that comes later
    }
    Multiaddr address = full.withoutPeer();
    if (full.peerId().isPresent() && isUseful(address, link, source)) {
      Set<Multiaddr> addresses =
          said.computeIfAbsent(full.peerId().get(), id -> new LinkedHashSet<>());
      if (addresses.size() < config.maxAddresses()) {
        addresses.add(address);
      }
    }
  }

  /** Whether an address that {@code source} told leads to somebody near; it might tell anything. */
  private static boolean isUseful(Multiaddr address, MulticastLink link, InetAddress source) {
    if (address.ip().isEmpty() || address.tcpPort().isEmpty() || address.components().size() != 2) {
      return false;
    }
    InetAddress ip = address.ip().get();
    boolean thisMachine =
        link.loopback() || link.addresses().stream().anyMatch(own -> own.ip().equals(source));
    return switch (address.scope()) {
      case UNSPECIFIED -> false;
      case LOOPBACK -> thisMachine;
      case PRIVATE -> true;
      case LINK_LOCAL, RESERVED, PUBLIC, NAME -> isDialable(ip) && link.reaches(ip);
    };
  }

  private void onPeer(MulticastLink link, Pointer pointer, PeerInfo peer) {
    Link state = open.get(link);
    if (state == null) {
      return;
    }
    long now = ticker.nanoTime();
    boolean isDialled = !state.addresses.isEmpty() && host.peerId().compareTo(peer.id()) > 0;
    long timeToLive =
        Math.min(pointer.timeToLive(), config.timeToLive().toSeconds()) * 1_000_000_000L;
    Duration patience = delay(Duration.ZERO, FIRST_DIAL).plus(isDialled ? PATIENCE : Duration.ZERO);
    if (found.onAnswer(pointer.target(), peer, timeToLive, patience.toNanos(), now)) {
      LOG.debug("found {}", peer);
      host.peers().addAddresses(peer.id(), peer.addresses());
      listeners.forEach(listener -> listener.accept(peer));
      dial();
    }
  }

  // Dialling.

  private void dial() {
    dialTimer.cancel();
    if (!running) {
      return;
    }
    long now = ticker.nanoTime();
    while (dials < config.maxDials()) {
      PeerInfo peer = found.next(now, this::needsNoDial);
      if (peer == null) {
        dialTimer = later(Duration.ofNanos(found.untilNext(now)), this::dial);
        return;
      }
      dials++;
      host.connect(peer)
          .whenComplete((connection, error) -> execute(() -> dialled(peer.id(), error)));
    }
  }

  private boolean needsNoDial(PeerId peer) {
    return host.connection(peer).isPresent()
        || host.connections().size() >= config.maxConnections();
  }

  private void dialled(PeerId peer, Throwable error) {
    dials--;
    if (error != null) {
      LOG.debug("a peer found on the local network: {}", error.getMessage());
    }
    found.onDialled(peer, ticker.nanoTime());
    dial();
  }

  private Duration delay(Duration least, Duration most) {
    return Duration.ofNanos(random.nextLong(least.toNanos(), most.toNanos() + 1));
  }

  private Scheduler.Cancellable later(Duration delay, Runnable task) {
    return scheduler.schedule(
        delay,
        () ->
            execute(
                () -> {
                  if (running) {
                    task.run();
                  }
                }));
  }

  private void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("mDNS has too much to do, or was closed");
    }
  }

  private static void stop(Link state) {
    state.queryTimer.cancel();
    state.answerTimer.cancel();
  }

  /** Says good-bye and leaves; connections stay as they are. */
  @Override
  public void close() {
    running = false;
    goodbyes.forEach(MulticastLink::multicast);
    links.close();
    execute(
        () -> {
          dialTimer.cancel();
          refreshTimer.cancel();
          open.values().forEach(MdnsDiscovery::stop);
          open.clear();
        });
  }
}
