package io.infernet.node.batch.schedule;

import static java.util.Objects.requireNonNull;

import io.infernet.discovery.directory.ModelOffer;
import io.infernet.discovery.directory.ProviderPolicy;
import java.util.Optional;

/**
 * How things stand with a provider when it hears an offer.
 *
 * @param model its offer of the model that is wanted; empty when it has none
 * @param policy what it refuses
 * @param tokensPerSecond how fast it measured itself with that model: positive
 * @param reputation its own, as far as it knows, from 0 to 1
 * @param freeAt when it can begin, in nanoseconds of the ticker
 * @param shards that it computes and that wait
 * @param maxShards that it takes at most
 */
public record OwnSituation(
    Optional<ModelOffer> model,
    ProviderPolicy policy,
    double tokensPerSecond,
    double reputation,
    long freeAt,
    int shards,
    int maxShards) {

  public OwnSituation {
    requireNonNull(model, "model is null");
    requireNonNull(policy, "policy is null");
    if (!(tokensPerSecond > 0)) {
      throw new IllegalArgumentException("tokensPerSecond out of range: " + tokensPerSecond);
    }
  }
}
