package io.infernet.discovery.gossip.mesh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.testing.TestIdentities;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MeshTest {

  private static final List<PeerId> PEERS =
      IntStream.range(0, 30).mapToObj(TestIdentities::peerId).toList();

  private final MeshConfig config = MeshConfig.defaults();
  private final Mesh mesh = new Mesh(config, new SplittableRandom(1));
  private final Map<PeerId, Double> scores = new HashMap<>();
  private final Set<PeerId> outbound = new HashSet<>();
  private final Set<PeerId> backedOff = new HashSet<>();
  private final Mesh.Peers view =
      new Mesh.Peers() {
        @Override
        public double score(PeerId peer) {
          return scores.getOrDefault(peer, 0.0);
        }

        @Override
        public boolean isOutbound(PeerId peer) {
          return outbound.contains(peer);
        }

        @Override
        public boolean mayGraft(PeerId peer) {
          return !backedOff.contains(peer);
        }
      };

  private Mesh.Changes maintain() {
    return mesh.maintain(PEERS, view, false, 0);
  }

  private void add(int from, int to) {
    PEERS.subList(from, to).forEach(mesh::add);
  }

  @Test
  void graftsUpToItsDegreeWhenTooFew() {
    add(0, config.degreeLow() - 1);
    Mesh.Changes changes = maintain();

    assertEquals(config.degree(), mesh.size());
    assertEquals(config.degree() - config.degreeLow() + 1, changes.grafts().size());
    assertEquals(List.of(), changes.prunes());
  }

  @Test
  void leavesAMeshAloneThatIsBigEnough() {
    outbound.addAll(PEERS);
    for (int size = config.degreeLow(); size <= config.degreeHigh(); size++) {
      mesh.add(PEERS.get(size));
      add(0, size);
      Mesh.Changes changes = maintain();
      assertTrue(changes.grafts().isEmpty() || mesh.size() < config.degreeLow());
    }
  }

  @Test
  void prunesWhoHasANegativeScoreAndReplacesIt() {
    add(0, config.degreeLow());
    scores.put(PEERS.get(0), -0.1);
    scores.put(PEERS.get(20), -0.1);
    Mesh.Changes changes = maintain();

    assertEquals(List.of(PEERS.get(0)), changes.prunes());
    assertEquals(config.degree(), mesh.size());
    assertFalse(mesh.contains(PEERS.get(0)) || mesh.contains(PEERS.get(20)));
  }

  @Test
  void keepsTheBestWhenThereAreTooMany() {
    add(0, 20);
    for (int i = 0; i < config.degreeScore(); i++) {
      scores.put(PEERS.get(i), 10.0 + i);
    }
    Mesh.Changes changes = maintain();

    assertEquals(config.degree(), mesh.size());
    assertEquals(20 - config.degree(), changes.prunes().size());
    assertTrue(mesh.peers().containsAll(PEERS.subList(0, config.degreeScore())));
  }

  @Test
  void keepsSomeThatItDialledHoweverTheyScore() {
    for (int seed = 0; seed < 50; seed++) {
      Mesh taken = new Mesh(config, new SplittableRandom(seed));
      outbound.addAll(List.of(PEERS.get(0), PEERS.get(1), PEERS.get(2)));
      PEERS.subList(0, 20).forEach(taken::add);
      PEERS.subList(3, 20).forEach(peer -> scores.put(peer, 50.0));
      taken.maintain(PEERS, view, false, 0);

      long kept = taken.peers().stream().filter(outbound::contains).count();
      assertEquals(config.degreeOut(), kept, "seed " + seed);
      assertEquals(config.degree(), taken.size());
    }
  }

  @Test
  void graftsPeersThatItDialledWhenAllOthersDialledIt() {
    add(0, config.degree());
    outbound.addAll(PEERS.subList(10, 15));
    Mesh.Changes changes = maintain();

    assertEquals(config.degreeOut(), changes.grafts().size());
    assertTrue(outbound.containsAll(changes.grafts()));
  }

  @Test
  void hasRoomInAFullMeshOnlyForPeersThatItDialled() {
    add(0, config.degreeHigh());
    outbound.add(PEERS.get(20));

    assertFalse(mesh.hasRoomFor(PEERS.get(21), view));
    assertTrue(mesh.hasRoomFor(PEERS.get(20), view));
  }

  @Test
  void graftsNobodyWhoseBackoffRuns() {
    backedOff.addAll(PEERS.subList(3, 30));
    maintain();

    assertEquals(Set.copyOf(PEERS.subList(0, 3)), Set.copyOf(mesh.peers()));
  }

  @Test
  void improvesAMeshWhoseMedianIsLow() {
    add(0, config.degree());
    outbound.addAll(PEERS);
    PEERS.subList(0, 4).forEach(peer -> scores.put(peer, 0.5));
    scores.put(PEERS.get(20), 0.4);
    PEERS.subList(21, 30).forEach(peer -> scores.put(peer, 0.6));
    List<PeerId> before = new ArrayList<>(mesh.peers());
    assertEquals(List.of(), maintain().grafts());

    Mesh.Changes changes = mesh.maintain(PEERS, view, true, 1);
    assertEquals(config.opportunisticGraftPeers(), changes.grafts().size());
    assertTrue(PEERS.subList(21, 30).containsAll(changes.grafts()));
    assertTrue(mesh.peers().containsAll(before));
    assertEquals(List.of(), mesh.maintain(PEERS, view, true, 0.5).grafts());
  }
}
