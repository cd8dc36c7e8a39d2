package io.infernet.discovery.directory;

import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * One search for providers of a model, shared by all who ask for it meanwhile. Whoever asked gets
 * an answer as soon as the table has one, and the empty one when the search has ended. Performs no
 * I/O; used on one thread.
 */
final class ProviderSearch {

  private final Cid manifest;
  private final int maxProviders;

  /** Answers from the table. */
  private final Function<DirectoryQuery, List<CapabilityRecord>> table;

  private final List<Waiting> waiting = new ArrayList<>();
  private final Set<PeerId> providers = new LinkedHashSet<>();
  private int open;
  private boolean ended;

  private record Waiting(DirectoryQuery query, CompletableFuture<List<CapabilityRecord>> answer) {}

  ProviderSearch(
      Cid manifest, int maxProviders, Function<DirectoryQuery, List<CapabilityRecord>> table) {
    this.manifest = manifest;
    this.maxProviders = maxProviders;
    this.table = table;
  }

  Cid manifest() {
    return manifest;
  }

  void await(DirectoryQuery query, CompletableFuture<List<CapabilityRecord>> answer) {
    waiting.add(new Waiting(query, answer));
  }

  /** Whether this provider, named by the DHT, is to be asked: each once, and not too many. */
  boolean mayAsk(PeerInfo provider) {
    return !ended && providers.size() < maxProviders && providers.add(provider.id());
  }

  /** Something goes on that may bring an answer. */
  void begun() {
    open++;
  }

  /** Something has ended; says whether that was the last. */
  boolean done() {
    open--;
    look();
    return open == 0;
  }

  /** The table may have an answer now. */
  void look() {
    for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
      Waiting next = each.next();
      List<CapabilityRecord> found = table.apply(next.query());
      if (!found.isEmpty()) {
        each.remove();
        next.answer().complete(found);
      }
    }
  }

  /**
   * Ends the search.
   *
   * @return what nobody was found for
   */
  List<DirectoryQuery> end() {
    if (ended) {
      return List.of();
    }
    ended = true;
    look();
    List<DirectoryQuery> missed = waiting.stream().map(Waiting::query).toList();
    waiting.forEach(unlucky -> unlucky.answer().complete(List.of()));
    waiting.clear();
    return missed;
  }
}
