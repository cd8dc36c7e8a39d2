package io.infernet.discovery.gossip.mesh;

import io.infernet.libp2p.peer.PeerId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * The mesh of one topic: the peers that messages are exchanged with in full. It decides whom to
 * graft and whom to prune; the caller tells them. Only {@link #peers} is safe from any thread.
 *
 * @see <a
 *     href="https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md">gossipsub
 *     v1.1, "Heartbeat Maintenance"</a>
 */
public final class Mesh {

  private final MeshConfig config;
  private final RandomGenerator random;
  private final ConcurrentSkipListSet<PeerId> peers = new ConcurrentSkipListSet<>();

  /** What the mesh must know of peers. */
  public interface Peers {

    double score(PeerId peer);

    /** Whether this node dialled the peer. */
    boolean isOutbound(PeerId peer);

    /** Whether the peer can be in a mesh, is no direct peer, and its back-off is over. */
    boolean mayGraft(PeerId peer);
  }

  /** Peers to graft and to prune; they have been added and removed. */
  public record Changes(List<PeerId> grafts, List<PeerId> prunes) {
    public Changes {
      grafts = List.copyOf(grafts);
      prunes = List.copyOf(prunes);
    }
  }

  public Mesh(MeshConfig config, RandomGenerator random) {
    this.config = config;
    this.random = random;
  }

  /** The peers now, in their natural order. */
  public Set<PeerId> peers() {
    return Collections.unmodifiableSet(peers);
  }

  public int size() {
    return peers.size();
  }

  public boolean contains(PeerId peer) {
    return peers.contains(peer);
  }

  public boolean add(PeerId peer) {
    return peers.add(peer);
  }

  public boolean remove(PeerId peer) {
    return peers.remove(peer);
  }

  /** Whether a peer that asks for it may be grafted: always when this node dialled it. */
  public boolean hasRoomFor(PeerId peer, Peers view) {
    return peers.size() < config.degreeHigh() || view.isOutbound(peer);
  }

  /** Fills a new mesh up to D with peers of {@code subscribers} that are not bad. */
  public List<PeerId> fill(Collection<PeerId> subscribers, Peers view) {
    List<PeerId> grafts =
        pick(subscribers, config.degree() - peers.size(), view, peer -> view.score(peer) >= 0);
    peers.addAll(grafts);
    return grafts;
  }

  /**
   * One heartbeat.
   *
   * @param subscribers connected peers that are subscribed to the topic
   * @param opportunistic whether it is time to improve a mesh of low scores
   * @param medianThreshold the median score below which a mesh is improved
   */
  public Changes maintain(
      Collection<PeerId> subscribers, Peers view, boolean opportunistic, double medianThreshold) {
    Set<PeerId> prunes = new LinkedHashSet<>();
    Set<PeerId> grafts = new LinkedHashSet<>();
    for (PeerId peer : peers) {
      if (view.score(peer) < 0) {
        prunes.add(peer);
      }
    }
    peers.removeAll(prunes);
    if (peers.size() < config.degreeLow()) {
      grafts.addAll(fill(subscribers, view));
    }
    if (peers.size() > config.degreeHigh()) {
      List<PeerId> surplus = surplus(view);
      surplus.forEach(peers::remove);
      prunes.addAll(surplus);
    }
    if (peers.size() >= config.degreeLow() && config.degreeLow() > 0) {
      int outbound = count(view);
      if (outbound < config.degreeOut()) {
        List<PeerId> more =
            pick(
                subscribers,
                config.degreeOut() - outbound,
                view,
                peer -> view.isOutbound(peer) && view.score(peer) >= 0 && !prunes.contains(peer));
        peers.addAll(more);
        grafts.addAll(more);
      }
    }
    if (opportunistic && peers.size() > 1) {
      double median = median(view);
      if (median < medianThreshold) {
        List<PeerId> better =
            pick(
                subscribers,
                config.opportunisticGraftPeers(),
                view,
                peer -> view.score(peer) > median && !prunes.contains(peer));
        peers.addAll(better);
        grafts.addAll(better);
      }
    }
    return new Changes(List.copyOf(grafts), List.copyOf(prunes));
  }

  /**
   * Those that exceed D: the best {@code D_score} stay, then random ones, among them at least
   * {@code D_out} that this node dialled.
   */
  private List<PeerId> surplus(Peers view) {
    List<PeerId> order = new ArrayList<>(peers);
    Sampling.shuffle(order, random);
    order.sort(Comparator.comparingDouble(view::score).reversed());
    List<PeerId> rest = order.subList(config.degreeScore(), order.size());
    Sampling.shuffle(rest, random);
    int kept = config.degree();
    int missing = config.degreeOut();
    for (PeerId peer : order.subList(0, kept)) {
      if (view.isOutbound(peer)) {
        missing--;
      }
    }
    // Bring dialled peers from behind the cut to the place of the last that were not dialled.
    int place = kept - 1;
    for (int i = kept; i < order.size() && missing > 0; i++) {
      if (!view.isOutbound(order.get(i))) {
        continue;
      }
      while (place >= 0 && view.isOutbound(order.get(place))) {
        place--;
      }
      if (place < 0) {
        break;
      }
      Collections.swap(order, place, i);
      missing--;
    }
    return List.copyOf(order.subList(kept, order.size()));
  }

  private int count(Peers view) {
    int outbound = 0;
    for (PeerId peer : peers) {
      if (view.isOutbound(peer)) {
        outbound++;
      }
    }
    return outbound;
  }

  private double median(Peers view) {
    double[] scores = peers.stream().mapToDouble(view::score).sorted().toArray();
    return scores[scores.length / 2];
  }

  private List<PeerId> pick(
      Collection<PeerId> from, int count, Peers view, Predicate<PeerId> wanted) {
    if (count <= 0) {
      return List.of();
    }
    List<PeerId> candidates = new ArrayList<>();
    for (PeerId peer : from) {
      if (!peers.contains(peer) && view.mayGraft(peer) && wanted.test(peer)) {
        candidates.add(peer);
      }
    }
    return Sampling.pick(candidates, count, random);
  }
}
