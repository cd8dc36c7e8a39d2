package io.infernet.discovery.mdns;

import java.util.List;

/**
 * A packet of multicast DNS, as far as peers care for it: records of other types than PTR and TXT
 * are left out. Names have no dot at the end; whether letters are small or large says nothing.
 */
sealed interface MdnsMessage {

  /** PTR, RFC 1035 §3.2.2. */
  int POINTER = 12;

  /** TXT. */
  int TEXT = 16;

  /** Every type. */
  int ANY = 255;

  /**
   * @param type a type of record
   * @param unicast whether the answer may go to the one who asks alone, RFC 6762 §5.4
   */
  record Question(String name, int type, boolean unicast) {}

  sealed interface ResourceRecord {
    String name();
  }

  /**
   * @param timeToLive in seconds; zero: it is gone
   */
  record Pointer(String name, long timeToLive, String target) implements ResourceRecord {}

  /**
   * @param timeToLive in seconds
   * @param strings each at most 255 bytes of UTF-8
   */
  record Text(String name, long timeToLive, List<String> strings) implements ResourceRecord {
    public Text {
      strings = List.copyOf(strings);
    }
  }

  /**
   * @param id zero, except in questions of resolvers that know nothing of multicast
   * @param known answers that the one who asks does not need, RFC 6762 §7.1
   */
  record Query(int id, List<Question> questions, List<Pointer> known) implements MdnsMessage {
    public Query {
      questions = List.copyOf(questions);
      known = List.copyOf(known);
    }
  }

  /**
   * @param id zero, or that of the question
   * @param questions those answered, for a resolver that knows nothing of multicast; else none
   */
  record Response(
      int id,
      List<Question> questions,
      List<ResourceRecord> answers,
      List<ResourceRecord> additional)
      implements MdnsMessage {
    public Response {
      questions = List.copyOf(questions);
      answers = List.copyOf(answers);
      additional = List.copyOf(additional);
    }
  }
}
