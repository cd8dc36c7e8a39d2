package io.infernet.verification.reputation;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.peer.PeerId;
import java.util.List;
import java.util.Optional;

/**
 * All that is kept of one worker. An immutable value.
 *
 * @param worker who
 * @param availability moving average of whether it did what it had taken on, from 0 to 1
 * @param convictions how often it was convicted
 * @param ban the latest, over or not
 * @param accounts one for each model
 */
public record Standing(
    PeerId worker,
    double availability,
    int convictions,
    Optional<Ban> ban,
    List<Account> accounts) {

  public Standing {
    requireNonNull(worker, "worker is null");
    requireNonNull(ban, "ban is null");
    accounts = List.copyOf(accounts);
    if (!(availability >= 0 && availability <= 1) || convictions < 0) {
      throw new IllegalArgumentException(
          "availability " + availability + ", convictions " + convictions);
    }
  }
}
