package io.infernet.discovery.kad;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The providers that a look-up has found so far, by the answers that name them. No answer gets more
 * room than others: whoever names many false ones, alone or together with others, cannot crowd out
 * what a few honest servers name.
 */
final class FoundProviders {

  private final int limit;
  private final Map<PeerId, Found> found = new LinkedHashMap<>();
  private final List<Answer> answers = new ArrayList<>();

  /** One server's. */
  private static final class Answer {
    final List<Found> named = new ArrayList<>(4);

    /** Those that it was the first to name and that are still there. */
    int introduced;
  }

  private static final class Found {
    final PeerInfo provider;
    final Answer first;
    int namedBy = 1;
    boolean dropped;
    boolean chosen;

    Found(PeerInfo provider, Answer first) {
      this.provider = provider;
      this.first = first;
    }

    int namedBy() {
      return namedBy;
    }
  }

  /**
   * @param limit providers remembered
   */
  FoundProviders(int limit) {
    this.limit = limit;
  }

  /** What is added from now on is named by another server. */
  void nextAnswer() {
    answers.add(new Answer());
  }

  /**
   * Takes in a provider, which the present answer names once.
   *
   * @return whether it is new
   */
  boolean add(PeerInfo provider) {
    Answer answer = answers.get(answers.size() - 1);
    Found known = found.get(provider.id());
    if (known != null) {
      known.namedBy++;
      answer.named.add(known);
      return false;
    }
    if (found.size() >= limit && !makeRoomFor(answer)) {
      return false;
    }
    Found added = new Found(provider, answer);
    found.put(provider.id(), added);
    answer.named.add(added);
    answer.introduced++;
    return true;
  }

  /** Drops one that the answer named which has introduced most, if that is more than this one. */
  private boolean makeRoomFor(Answer answer) {
    Answer most = answer;
    for (Answer other : answers) {
      if (other.introduced > most.introduced) {
        most = other;
      }
    }
    if (most.introduced <= answer.introduced + 1) {
      return false;
    }
    Found victim = null;
    for (Found one : most.named) {
      if (one.first == most && !one.dropped && (victim == null || one.namedBy <= victim.namedBy)) {
        victim = one;
      }
    }
    if (victim == null) {
      return false;
    }
    victim.dropped = true;
    most.introduced--;
    found.remove(victim.provider.id());
    return true;
  }

  /**
   * One of each answer in turn, of each those first that most servers name.
   *
   * @param count at most
   */
  List<PeerInfo> best(int count) {
    found.values().forEach(one -> one.chosen = false);
    List<Iterator<Found>> turns = new ArrayList<>(answers.size());
    for (Answer answer : answers) {
      turns.add(
          answer.named.stream()
              .sorted(Comparator.comparingInt(Found::namedBy).reversed())
              .iterator());
    }
    List<PeerInfo> best = new ArrayList<>(Math.min(count, found.size()));
    while (!turns.isEmpty() && best.size() < count) {
      Iterator<Iterator<Found>> round = turns.iterator();
      while (round.hasNext() && best.size() < count) {
        Found next = next(round.next());
        if (next == null) {
          round.remove();
        } else {
          next.chosen = true;
          best.add(next.provider);
        }
      }
    }
    return best;
  }

  private static @Nullable Found next(Iterator<Found> answer) {
    while (answer.hasNext()) {
      Found one = answer.next();
      if (!one.chosen && !one.dropped) {
        return one;
      }
    }
    return null;
  }
}
