package io.infernet.node.http;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.node.config.Role;
import io.infernet.verification.receipt.SignedReceipt;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the API tells about the node it belongs to. Safe from any thread. */
public interface NodeView {

  /** How the node is, right now. */
  Status status();

  /** The peers it is connected to. */
  List<Peer> peers();

  /** The models that can be asked for: installed here first, then those that peers offer. */
  List<Model> models();

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
   */
  record Status(
      String version,
      PeerId peerId,
      Set<Role> roles,
      List<Multiaddr> addresses,
      Instant startedAt,
      int peers,
      List<String> warm,
      int answering) {
    public Status {
      roles = Set.copyOf(roles);
      addresses = List.copyOf(addresses);
      warm = List.copyOf(warm);
    }
  }

  /**
   * A connected peer.
   *
   * @param id its own
   * @param address the other end of the connection
   * @param dialled whether this node opened the connection
   * @param agent what program it says it runs; empty when it has not said
   * @param models what it offers
   */
  record Peer(PeerId id, Multiaddr address, boolean dialled, String agent, List<String> models) {
    public Peer {
      models = List.copyOf(models);
    }
  }

  /**
   * A model that can be asked for.
   *
   * @param name as it is asked for
   * @param cid of its manifest
   * @param contextLength tokens of prompt and answer together
   * @param installed whether it is on this machine's disk
   * @param warm whether it is in this machine's memory
   * @param sizeBytes of its files; 0 when it is not installed
   * @param providers how many connected peers offer it
   */
  record Model(
      String name,
      Cid cid,
      int contextLength,
      boolean installed,
      boolean warm,
      long sizeBytes,
      int providers) {}
}
