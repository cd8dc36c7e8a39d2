package io.infernet.node.batch.schedule;

import static io.infernet.libp2p.host.Limits.requirePositive;

import java.util.List;

/**
 * An item whose answer is known. The best ones are items of the same batch that were settled: they
 * look like the rest because they are.
 *
 * @param id what the caller knows it by
 * @param tokens what it costs, as for other items
 * @param knownTo operators that had it before: they must not get it again
 */
public record KnownItem(long id, int tokens, List<Operator> knownTo) {

  public KnownItem {
    requirePositive(tokens, "tokens");
    knownTo = List.copyOf(knownTo);
  }
}
