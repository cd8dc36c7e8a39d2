package io.infernet.node.batch.schedule;

import io.infernet.libp2p.peer.PeerId;
import io.infernet.verification.commitment.JobId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * Who leads a batch, and who takes over: highest random weight hashing (Thaler and Ravishankar,
 * 1998) of the job's id over the willing peers. Everybody who knows the same peers finds the same
 * order; who comes or goes moves nobody else.
 */
public final class AggregatorOrder {

  private AggregatorOrder() {}

  private record Weighted(PeerId peer, String weight) {}

  /** All {@code willing} peers, the one to lead first; each once. */
  public static List<PeerId> of(JobId job, Collection<PeerId> willing) {
    MessageDigest sha256 = sha256();
    return willing.stream()
        .distinct()
        .map(peer -> new Weighted(peer, weight(sha256, job, peer)))
        .sorted(Comparator.comparing(Weighted::weight).reversed().thenComparing(Weighted::peer))
        .map(Weighted::peer)
        .toList();
  }

  /** In hex digits, which are ordered as the bytes are. */
  private static String weight(MessageDigest sha256, JobId job, PeerId peer) {
    sha256.update(job.toBytes());
    return HexFormat.of().formatHex(sha256.digest(peer.toBytes()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
