package io.infernet.node.batch.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.Property;
import io.infernet.verification.commitment.JobId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AggregatorOrderTest {

  private static final List<PeerId> PEERS =
      IntStream.range(0, 20).mapToObj(Operators::peer).toList();

  @Test
  void isTheSameForAllWhoKnowTheSamePeers() {
    JobId job = JobId.random(new SplittableRandom(1));
    List<PeerId> shuffled = new ArrayList<>(PEERS);
    Collections.shuffle(shuffled, new Random(1));
    shuffled.add(shuffled.get(0));

    assertEquals(AggregatorOrder.of(job, PEERS), AggregatorOrder.of(job, shuffled));
    assertEquals(20, AggregatorOrder.of(job, PEERS).size());
    assertEquals(List.of(), AggregatorOrder.of(job, List.of()));
  }

  @Test
  void movesNobodyElseWhenOneComesOrGoes() {
    Property.forAll(
        100,
        random -> {
          JobId job = JobId.random(random);
          PeerId gone = Property.pick(random, PEERS);
          List<PeerId> expected = new ArrayList<>(AggregatorOrder.of(job, PEERS));
          expected.remove(gone);
          List<PeerId> left = new ArrayList<>(PEERS);
          left.remove(gone);

          assertEquals(expected, AggregatorOrder.of(job, left));
        });
  }

  @Test
  void givesEachPeerItsShare() {
    SplittableRandom random = new SplittableRandom(2);
    Map<PeerId, Integer> first = new HashMap<>();
    for (int i = 0; i < 4_000; i++) {
      first.merge(AggregatorOrder.of(JobId.random(random), PEERS).get(0), 1, Integer::sum);
    }

    assertEquals(20, first.size());
    first.values().forEach(count -> assertTrue(count > 130 && count < 270, first.toString()));
  }
}
