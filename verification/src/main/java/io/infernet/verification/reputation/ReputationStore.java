package io.infernet.verification.reputation;

import io.infernet.libp2p.peer.PeerId;
import java.util.Collection;

/** Where standings outlive the process. Used by the thread that owns the ledger. */
public interface ReputationStore {

  /** All standings that are kept. */
  Collection<Standing> all();

  /** Keeps a standing in place of an earlier one of that worker. */
  void put(Standing standing);

  /** Forgets a worker; nothing happens when it is not known. */
  void remove(PeerId worker);
}
