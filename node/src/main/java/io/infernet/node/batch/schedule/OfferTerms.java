package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;
import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.PriceList;
import io.infernet.libp2p.multiformats.Cid;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a batch asks of a provider.
 *
 * @param model the manifest's CID
 * @param shardTokens what one provider would get at least: tokens of a small shard
 * @param longestItem tokens of the longest item, prompt and answer
 * @param ceiling the most that is paid for a shard
 * @param minReputation from 0 to 1
 * @param topics what its content is about
 * @param deadline when it must be done, in nanoseconds of the ticker
 */
public record OfferTerms(
    Cid model,
    long shardTokens,
    int longestItem,
    PriceList ceiling,
    double minReputation,
    List<String> topics,
    OptionalLong deadline) {

  public OfferTerms {
    requireNonNull(model, "model is null");
    requireNonNull(ceiling, "ceiling is null");
    requirePositive(shardTokens, "shardTokens");
    requirePositive(longestItem, "longestItem");
    if (!(minReputation >= 0 && minReputation <= 1)) {
      throw new IllegalArgumentException("minReputation must be 0 to 1, not " + minReputation);
    }
    topics = List.copyOf(topics);
  }
}
