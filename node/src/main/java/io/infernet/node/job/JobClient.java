package io.infernet.node.job;

import io.infernet.libp2p.concurrent.Scheduler;
import io.infernet.libp2p.host.Host;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.node.job.wire.JobCodec;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.wire.JobRequestCodec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * Asks providers for answers: one stream of {@code /infernet/job/1.0.0} for each attempt. Used on
 * the client service's event thread, the {@code executor} of the constructor.
 */
public final class JobClient {

  /** Keeps the connections of providers that work for this node. */
  private static final String PROTECTION = "job-client";

  final Host host;
  final PrivateKey key;
  final ReceiptStore receipts;
  final JobClientConfig config;
  final PatientExecutor executor;
  final Executor storage;
  final Scheduler scheduler;
  final JobCodec codec;
  final JobRequestCodec requests;
  final ReceiptVerifier verifier = new ReceiptVerifier();

  /** Streams by provider; owned by the executor. */
  private final Map<PeerId, Integer> streams = new LinkedHashMap<>();

  /**
   * @param key this node's, secp256k1
   * @param executor the client service's event thread
   * @param storage where the receipt store may wait for the disk
   */
  public JobClient(
      Host host,
      PrivateKey key,
      ReceiptStore receipts,
      JobClientConfig config,
      Executor executor,
      Executor storage,
      Scheduler scheduler) {
    if (key.type() != KeyType.SECP256K1) {
      throw new IllegalArgumentException("receipts need a secp256k1 key, not " + key.type());
    }
    this.host = host;
    this.key = key;
    this.receipts = receipts;
    this.config = config;
    this.executor = new PatientExecutor(executor, scheduler);
    this.storage = storage;
    this.scheduler = scheduler;
    this.codec = new JobCodec(config.limits());
    this.requests = new JobRequestCodec(config.limits().evidence());
  }

  /**
   * Asks {@code request.provider()}.
   *
   * @param warm whether that provider says it has the model loaded
   * @param vocabularySize the model's token ids are below this
   */
  JobAttempt start(
      JobRequest request, boolean warm, int vocabularySize, JobAttempt.Listener listener) {
    JobClientStream attempt = new JobClientStream(this, request, warm, vocabularySize, listener);
    attempt.open();
    return attempt;
  }

  void opened(PeerId provider) {
    if (streams.merge(provider, 1, Integer::sum) == 1) {
      host.protect(provider, PROTECTION);
    }
  }

  void ended(PeerId provider) {
    if (streams.computeIfPresent(provider, (peer, open) -> open == 1 ? null : open - 1) == null) {
      host.unprotect(provider, PROTECTION);
    }
  }
}
