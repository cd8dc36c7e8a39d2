package io.infernet.node.batch.schedule;

import static java.util.Objects.requireNonNull;

import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What tells who stands behind a peer. Two peers of one operator never compute the same shard: they
 * would agree with themselves.
 *
 * @param peer the peer's key
 * @param declared the operator that it names, at most {@value #MAX_NAME_LENGTH} characters
 * @param blocks where on the internet it is reached
 */
public record Operator(PeerId peer, Optional<String> declared, Set<AddressBlock> blocks) {

  public static final int MAX_NAME_LENGTH = 64;

  public Operator {
    requireNonNull(peer, "peer is null");
    blocks = Set.copyOf(blocks);
    if (declared.filter(name -> name.isBlank() || name.length() > MAX_NAME_LENGTH).isPresent()) {
      throw new IllegalArgumentException(
          "an operator's name has 1 to " + MAX_NAME_LENGTH + " characters");
    }
  }

  /**
   * The operator of a peer with these addresses; those that are not on the internet say nothing.
   */
  public static Operator of(PeerId peer, Optional<String> declared, List<Multiaddr> addresses) {
    return new Operator(
        peer,
        declared,
        addresses.stream()
            .flatMap(address -> AddressBlock.of(address).stream())
            .collect(Collectors.toUnmodifiableSet()));
  }

  /**
   * Whether both may be one: the same key, the same declared operator, or a block of addresses in
   * common. Not transitive.
   */
  public boolean mayBe(Operator other) {
    return peer.equals(other.peer)
        || (declared.isPresent() && declared.equals(other.declared))
        || !Collections.disjoint(blocks, other.blocks);
  }

  /** Whether it may be one of {@code others}. */
  public boolean mayBeOneOf(Collection<Operator> others) {
    for (Operator other : others) {
      if (mayBe(other)) {
        return true;
      }
    }
    return false;
  }
}
