package io.infernet.discovery.directory;

import static java.util.Objects.requireNonNull;

import java.util.List;

/** What peers say to each other on a stream of {@link Directory#PROTOCOL}. */
public sealed interface DirectoryMessage {

  /**
   * Who serves what?
   *
   * @param limit most records wanted
   */
  record Query(int limit) implements DirectoryMessage {
    public Query {
      if (limit < 1) {
        throw new IllegalArgumentException("limit is below 1: " + limit);
      }
    }
  }

  /** The answer: the answering peer's own record first, then those of others that it knows. */
  record Records(List<SignedCapability> records) implements DirectoryMessage {
    public Records {
      records = List.copyOf(records);
    }
  }

  /** The sender's own record, because it has changed. */
  record Announcement(SignedCapability record) implements DirectoryMessage {
    public Announcement {
      requireNonNull(record, "record is null");
    }
  }
}
