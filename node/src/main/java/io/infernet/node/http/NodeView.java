package io.infernet.node.http;

import io.infernet.discovery.directory.CapabilityRecord;
import io.infernet.discovery.directory.Demand;
import io.infernet.discovery.directory.PriceList;
import io.infernet.discovery.kad.KadStatus;
import io.infernet.inference.engine.LoadedModel;
import io.infernet.inference.engine.remote.BackendStatus;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.config.Role;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the API tells about the node it belongs to. Safe from any thread. */
public interface NodeView {

  /** How the node is, right now. */
  Status status();

  /** The peers it is connected to. */
  List<Peer> peers();

  /** The models that can be asked for: installed here first, then those that peers offer. */
  List<Model> models();

  /** The models in this machine's memory, the one not used for longest first. */
  default List<LoadedModel> loaded() {
    return List.of();
  }

  /** What keeps this machine's engine from working; empty when it works. */
  default Optional<String> trouble() {
    return Optional.empty();
  }

  /** The receipts that it keeps, at most {@code limit}, those finished last first. */
  List<SignedReceipt> newestReceipts(int limit);

  /** The receipt with that id. */
  Optional<SignedReceipt> receipt(String id);

  /**
   * How a node is.
   *
   * @param version of the program
   * @param peerId its own
   * @param roles what it does
   * @param addresses where peers reach it, with {@code /p2p}
   * @param startedAt since when it runs
   * @param peers how many it is connected to
   * @param warm models in memory
   * @param answering answers that its engine makes now
   * @param backends servers whose models it uses
   * @param network how it is connected with others
   */
  record Status(
      String version,
      PeerId peerId,
      Set<Role> roles,
      List<Multiaddr> addresses,
      Instant startedAt,
      int peers,
      List<String> warm,
      int answering,
      List<BackendStatus> backends,
      Network network) {
    public Status {
      backends = List.copyOf(backends);
      roles = Set.copyOf(roles);
      addresses = List.copyOf(addresses);
      warm = List.copyOf(warm);
    }
  }

  /**
   * What a node knows of its network.
   *
   * @param name of the network
   * @param dht its part in the DHT
   * @param gossip the topics it reads, by name
   * @param mdns peers that say they are on the local network; empty when it does not look there
   * @param known nodes that it has a fresh record of
   * @param offers job offers that it heard of since its start
   * @param demand what is wanted and served by nobody, most wanted first
   */
  record Network(
      String name,
      KadStatus dht,
      Map<String, Topic> gossip,
      OptionalInt mdns,
      int known,
      long offers,
      List<Demand> demand) {
    public Network {
      gossip = Collections.unmodifiableMap(new TreeMap<>(gossip));
      demand = List.copyOf(demand);
    }
  }

  /**
   * A topic of gossip.
   *
   * @param subscribers connected peers that read it
   * @param mesh peers that its messages are exchanged with in full
   */
  record Topic(int subscribers, int mesh) {}

  /**
   * A connected peer.
   *
   * @param id its own
   * @param address the other end of the connection
   * @param dialled whether this node opened the connection
   * @param agent what program it says it runs; empty when it has not said
   * @param latency how long it took to answer the last time that it was asked, if it was
   * @param record what it last said that it can do, if it did
   */
  record Peer(
      PeerId id,
      Multiaddr address,
      boolean dialled,
      String agent,
      Optional<Duration> latency,
      Optional<CapabilityRecord> record) {}

  /**
   * A model that can be asked for.
   *
   * @param name as it is asked for
   * @param task what it is for, such as {@code generate}
   * @param cid of its manifest
   * @param contextLength tokens of prompt and answer together
   * @param installed whether it is on this machine's disk
   * @param backend the server behind this node that has it, if one has
   * @param warm whether it is in this machine's memory
   * @param sizeBytes of its files; 0 when it is not installed
   * @param quantizations the numbers that it is computed with, here and by peers
   * @param providers how many peers offer it
   * @param warmProviders how many of them have it in memory
   * @param cheapest what the cheapest of them takes; empty when there is none
   * @param heardAt when the last of them said so; empty when there is none
   */
  record Model(
      String name,
      String task,
      Cid cid,
      int contextLength,
      boolean installed,
      Optional<String> backend,
      boolean warm,
      long sizeBytes,
      Set<String> quantizations,
      int providers,
      int warmProviders,
      Optional<PriceList> cheapest,
      Optional<Instant> heardAt) {
    public Model {
      quantizations = Collections.unmodifiableSet(new TreeSet<>(quantizations));
    }
  }
}
