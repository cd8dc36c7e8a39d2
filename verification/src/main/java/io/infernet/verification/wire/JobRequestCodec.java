package io.infernet.verification.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.proto.evidence.EvidenceProto;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.commitment.JobRequest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/** {@link JobRequest}s in signed envelopes. Stateless and safe from any thread. */
public final class JobRequestCodec {

  /** The purpose that the client's signature is for. */
  static final String DOMAIN = "infernet-job-request";

  static final String PAYLOAD_TYPE = "/infernet/job-request/1";

  private final EvidenceLimits limits;

  public JobRequestCodec(EvidenceLimits limits) {
    this.limits = limits;
  }

  /** Signs with the client's key. */
  public SignedJobRequest sign(JobRequest request, PrivateKey clientKey) {
    return new SignedJobRequest(
        request, SignedEnvelope.sign(clientKey, DOMAIN, PAYLOAD_TYPE, encode(request)));
  }

  /**
   * Reads a request; its signature is checked by {@link SignedJobRequest#isSignedByClient}.
   *
   * @throws ProtocolViolationException when it is malformed, over the limits or of another version
   */
  public SignedJobRequest decode(byte[] bytes) throws ProtocolViolationException {
    SignedEnvelope envelope = SignedEnvelope.fromBytes(bytes, limits.maxRequestSize());
    try {
      return new SignedJobRequest(
          decode(EvidenceProto.JobRequest.parseFrom(envelope.payload())), envelope);
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not a job request: " + e.getMessage(), e);
    }
  }

  private static byte[] encode(JobRequest request) {
    EvidenceProto.JobRequest.Builder message =
        EvidenceProto.JobRequest.newBuilder()
            .setVersion(request.version())
            .setJobId(ByteString.copyFrom(request.jobId().toBytes()))
            .setAttempt(request.attempt())
            .setClient(ByteString.copyFrom(request.client().toBytes()))
            .setProvider(ByteString.copyFrom(request.provider().toBytes()))
            .setModel(ByteString.copyFrom(request.model().toBytes()))
            .setSampling(SamplingCodec.encode(request.sampling()))
            .setMaxTokens(request.maxTokens())
            .addAllStopIds(request.stopIds())
            .setScorePrompt(request.scorePrompt())
            .setDeadline(request.deadline().toEpochMilli())
            .setMaxPrice(request.maxPrice())
            .setNonce(request.nonce());
    addAll(request.prompt(), message::addPromptIds);
    addAll(request.outputSoFar(), message::addOutputIds);
    request.topLogprobs().ifPresent(message::setTopLogprobs);
    return message.build().toByteArray();
  }

  private static void addAll(TokenIds ids, IntConsumer add) {
    for (int i = 0; i < ids.size(); i++) {
      add.accept(ids.get(i));
    }
  }

  private JobRequest decode(EvidenceProto.JobRequest message) throws ProtocolViolationException {
    if (message.getVersion() < JobRequest.PLAIN_VERSION
        || message.getVersion() > JobRequest.VERSION) {
      throw new ProtocolViolationException(
          "a job request of version " + Integer.toUnsignedString(message.getVersion()));
    }
    SamplingParams sampling = SamplingCodec.decode(message.getSampling());
    if (message.getVersion() == JobRequest.PLAIN_VERSION && !sampling.isPlain()) {
      throw new ProtocolViolationException(
          "a job request of version " + message.getVersion() + " with fields of a later one");
    }
    int maxTokens = message.getMaxTokens();
    if (maxTokens < 0 || maxTokens > limits.maxAnswerTokens()) {
      throw new ProtocolViolationException(
          "an answer of " + Integer.toUnsignedString(maxTokens) + " tokens is over the limit");
    }
    return new JobRequest(
        JobId.fromBytes(message.getJobId().toByteArray()),
        message.getAttempt(),
        PeerId.fromBytes(message.getClient().toByteArray()),
        PeerId.fromBytes(message.getProvider().toByteArray()),
        Cid.fromBytes(message.getModel().toByteArray()),
        tokens(message.getPromptIdsList(), limits.maxPromptTokens(), "prompt"),
        tokens(message.getOutputIdsList(), limits.maxAnswerTokens(), "answer"),
        sampling,
        maxTokens,
        boxed(tokens(message.getStopIdsList(), limits.maxStopIds(), "list of stop tokens")),
        message.hasTopLogprobs() ? OptionalInt.of(message.getTopLogprobs()) : OptionalInt.empty(),
        message.getScorePrompt(),
        Instant.ofEpochMilli(message.getDeadline()),
        message.getMaxPrice(),
        message.getNonce());
  }

  private static TokenIds tokens(List<Integer> ids, int limit, String what)
      throws ProtocolViolationException {
    if (ids.size() > limit) {
      throw new ProtocolViolationException(
          "a " + what + " of " + ids.size() + " tokens is over " + limit);
    }
    return TokenIds.of(ids);
  }

  private static List<Integer> boxed(TokenIds ids) {
    return Arrays.stream(ids.toArray()).boxed().toList();
  }
}
