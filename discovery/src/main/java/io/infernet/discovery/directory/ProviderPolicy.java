package io.infernet.discovery.directory;

import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a provider will not work on.
 *
 * @param refuses topics of content, such as {@code adult} or {@code medical}: words of at most 32
 *     small letters, digits and dashes
 */
public record ProviderPolicy(List<String> refuses) {

  private static final Pattern TOPIC = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  public ProviderPolicy {
    refuses = List.copyOf(refuses);
    refuses.forEach(ProviderPolicy::requireTopic);
  }

  /** Refuses nothing. */
  public static ProviderPolicy open() {
    return new ProviderPolicy(List.of());
  }

  /** Whether content on these topics is worked on. */
  public boolean permits(Collection<String> topics) {
    return topics.stream().noneMatch(refuses::contains);
  }

  static void requireTopic(String topic) {
    if (!TOPIC.matcher(topic).matches()) {
      throw new IllegalArgumentException(
          "not a topic of content (at most 32 small letters, digits and dashes): " + topic);
    }
  }
}
