package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Cid;
import java.util.List;
import java.util.Optional;

/**
 * What peers say to each other: {@link Query} and {@link Records} on a stream, the others on the
 * topic of their name.
 */
public sealed interface DirectoryMessage {

  /**
   * Who is there, or who serves this?
   *
   * @param manifest only those that serve it
   * @param limit most records wanted
   */
  record Query(Optional<Cid> manifest, int limit) implements DirectoryMessage {
    public Query {
      requireNonNull(manifest, "manifest is null");
      if (limit < 1) {
        throw new IllegalArgumentException("limit is below 1: " + limit);
      }
    }
  }

  /**
   * The answer: the answering peer's own record first, whatever was asked for, then those of others
   * that it knows.
   */
  record Records(List<SignedCapability> records) implements DirectoryMessage {
    public Records {
      records = List.copyOf(records);
    }
  }

  /** The author is there, and can do this. */
  record Heartbeat(SignedCapability record) implements DirectoryMessage {
    public Heartbeat {
      requireNonNull(record, "record is null");
    }
  }

  /** The author looked for a model in vain. */
  record Demand(DemandSignal signal) implements DirectoryMessage {
    public Demand {
      requireNonNull(signal, "signal is null");
    }
  }

  /** The author offers work. */
  record Offer(JobOffer offer) implements DirectoryMessage {
    public Offer {
      requireNonNull(offer, "offer is null");
    }
  }
}
