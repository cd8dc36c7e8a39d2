package io.infernet.node.job.wire;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.proto.job.JobProto;
import java.time.Duration;
import java.util.Optional;

/** {@link Refusal}s as protobuf, within the messages of several protocols. */
public final class RefusalCodec {

  private final int maxDetailLength;

  /**
   * @param maxDetailLength characters of an explanation
   */
  public RefusalCodec(int maxDetailLength) {
    this.maxDetailLength = maxDetailLength;
  }

  /** For messages that contain a refusal; what is too long of its explanation is cut off. */
  public JobProto.Refusal encode(Refusal refusal) {
    String detail = refusal.detail().replaceAll("\\p{Cntrl}", " ");
    return JobProto.Refusal.newBuilder()
        .setReason(
            switch (refusal.reason()) {
              case BUSY -> JobProto.Refusal.Reason.BUSY;
              case UNKNOWN_MODEL -> JobProto.Refusal.Reason.UNKNOWN_MODEL;
              case PRICE -> JobProto.Refusal.Reason.PRICE;
              case CONTEXT_LENGTH -> JobProto.Refusal.Reason.CONTEXT_LENGTH;
              case DEADLINE -> JobProto.Refusal.Reason.DEADLINE;
              case POLICY -> JobProto.Refusal.Reason.POLICY;
              case BAD_REQUEST -> JobProto.Refusal.Reason.BAD_REQUEST;
              case SHUTTING_DOWN -> JobProto.Refusal.Reason.SHUTTING_DOWN;
              case REPLAY -> JobProto.Refusal.Reason.REPLAY;
              case ENGINE_FAILED -> JobProto.Refusal.Reason.ENGINE_FAILED;
            })
        .setDetail(detail.substring(0, Math.min(detail.length(), maxDetailLength)))
        .setRetryAfterMillis(refusal.retryAfter().map(Duration::toMillis).orElse(0L))
        .build();
  }

  /**
   * Reads a refusal within a message.
   *
   * @throws ProtocolViolationException when its explanation is too long or not one line
   */
  public Refusal decode(JobProto.Refusal message) throws ProtocolViolationException {
    String detail = message.getDetail();
    if (detail.length() > maxDetailLength || detail.chars().anyMatch(Character::isISOControl)) {
      throw new ProtocolViolationException("a refusal's detail is too long or not one line");
    }
    if (message.getRetryAfterMillis() < 0) {
      throw new ProtocolViolationException("a refusal with an impossible time to ask again");
    }
    return new Refusal(
        switch (message.getReason()) {
          case BUSY -> Refusal.Reason.BUSY;
          case UNKNOWN_MODEL -> Refusal.Reason.UNKNOWN_MODEL;
          case PRICE -> Refusal.Reason.PRICE;
          case CONTEXT_LENGTH -> Refusal.Reason.CONTEXT_LENGTH;
          case DEADLINE -> Refusal.Reason.DEADLINE;
          // A reason that later versions may have; the detail says what it is.
          case POLICY, REASON_UNSPECIFIED, UNRECOGNIZED -> Refusal.Reason.POLICY;
          case BAD_REQUEST -> Refusal.Reason.BAD_REQUEST;
          case SHUTTING_DOWN -> Refusal.Reason.SHUTTING_DOWN;
          case REPLAY -> Refusal.Reason.REPLAY;
          case ENGINE_FAILED -> Refusal.Reason.ENGINE_FAILED;
        },
        detail,
        message.getRetryAfterMillis() == 0
            ? Optional.empty()
            : Optional.of(Duration.ofMillis(message.getRetryAfterMillis())));
  }
}
