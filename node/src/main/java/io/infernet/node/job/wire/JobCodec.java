package io.infernet.node.job.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.discovery.directory.PriceList;
import io.infernet.inference.engine.GenerationRequest;
import io.infernet.inference.engine.TokenScore;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.Secp256k1;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.proto.job.JobProto;
import io.infernet.verification.commitment.Commitment;
import io.infernet.verification.commitment.Hash;
import io.infernet.verification.commitment.JobId;
import io.infernet.verification.wire.JobRequestCodec;
import io.infernet.verification.wire.ReceiptCodec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link JobMessage}s as protobuf. Reading checks form and limits; signatures and what messages say
 * are checked by the stream's handlers.
 */
public final class JobCodec implements MessageCodec<JobMessage> {

  /** The purpose that a quote's signature is for. */
  static final String QUOTE_DOMAIN = "infernet-quote";

  static final String QUOTE_TYPE = "/infernet/quote/1";

  /** More than an encoded quote can take. */
  private static final int MAX_QUOTE_SIZE = 256;

  /** Zero, but for rounding in the engine. */
  private static final double MAX_LOGPROB = 1e-3;

  private final JobLimits limits;
  private final JobRequestCodec requests;
  private final RefusalCodec refusals;
  private final ReceiptCodec receipts = new ReceiptCodec();

  public JobCodec(JobLimits limits) {
    this.limits = limits;
    this.requests = new JobRequestCodec(limits.evidence());
    this.refusals = new RefusalCodec(limits.maxDetailLength());
  }

  @Override
  public int maxMessageSize() {
    return limits.maxMessageSize();
  }

  /** Signs a quote with the provider's key. */
  public SignedQuote sign(Quote quote, PrivateKey providerKey) {
    byte[] payload =
        JobProto.Quote.newBuilder()
            .setVersion(Quote.VERSION)
            .setJobId(ByteString.copyFrom(quote.jobId().toBytes()))
            .setAttempt(quote.attempt())
            .setBase(quote.prices().base())
            .setPerThousandTokens(quote.prices().perThousandTokens())
            .setMaximum(quote.maximum())
            .setValidUntil(quote.validUntil().toEpochMilli())
            .build()
            .toByteArray();
    return new SignedQuote(
        quote, SignedEnvelope.sign(providerKey, QUOTE_DOMAIN, QUOTE_TYPE, payload));
  }

  @Override
  public ByteBuffer encode(JobMessage message) {
    JobProto.JobFrame.Builder frame = JobProto.JobFrame.newBuilder();
    if (message instanceof JobMessage.Tokens tokens) {
      frame.setTokens(encode(tokens));
    } else if (message instanceof JobMessage.Request request) {
      frame.setRequest(ByteString.copyFrom(request.signed().envelope().toBytes()));
    } else if (message instanceof JobMessage.Quoted quoted) {
      frame.setQuote(ByteString.copyFrom(quoted.signed().envelope().toBytes()));
    } else if (message instanceof JobMessage.Refused refused) {
      frame.setRefusal(refusals.encode(refused.refusal()));
    } else if (message instanceof JobMessage.PromptScores prompt) {
      JobProto.PromptScores.Builder scores =
          JobProto.PromptScores.newBuilder().setOffset(prompt.offset());
      prompt.scores().forEach(score -> scores.addLogprobs(encode(score)));
      frame.setPromptScores(scores);
    } else if (message instanceof JobMessage.Committed committed) {
      frame.setCommitment(
          JobProto.Commitment.newBuilder()
              .setIndex(committed.commitment().index())
              .setHash(ByteString.copyFrom(committed.commitment().hash().toBytes())));
    } else if (message instanceof JobMessage.Stop stop) {
      frame.setStop(JobProto.Stop.newBuilder().setKeepTokens(stop.keepTokens()));
    } else if (message instanceof JobMessage.Result result) {
      frame.setResult(
          JobProto.Result.newBuilder()
              .setReceipt(ByteString.copyFrom(receipts.encode(result.receipt())))
              .setTimings(
                  JobProto.Timings.newBuilder()
                      .setFirstTokenMicros(micros(result.timings().firstToken()))
                      .setTotalMicros(micros(result.timings().total()))));
    } else if (message instanceof JobMessage.ReceiptAck ack) {
      frame.setReceiptAck(
          JobProto.ReceiptAck.newBuilder()
              .setClientSignature(ByteString.copyFrom(ack.clientSignature().toBytes())));
    }
    return ByteBuffer.wrap(frame.build().toByteArray());
  }

  private static JobProto.Tokens encode(JobMessage.Tokens tokens) {
    JobProto.Tokens.Builder message = JobProto.Tokens.newBuilder().setOffset(tokens.offset());
    for (int i = 0; i < tokens.ids().size(); i++) {
      message.addIds(tokens.ids().get(i));
    }
    tokens.scores().forEach(score -> message.addLogprobs(encode(score)));
    return message.build();
  }

  private static JobProto.Logprob encode(TokenScore score) {
    JobProto.Logprob.Builder message = JobProto.Logprob.newBuilder().setLogprob(score.logprob());
    for (TokenScore.Alternative alternative : score.top()) {
      message.addTopIds(alternative.id());
      message.addTopLogprobs(alternative.logprob());
    }
    return message.build();
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1000;
  }

  @Override
  public JobMessage decode(ByteBuffer bytes) throws ProtocolViolationException {
    try {
      JobProto.JobFrame frame = JobProto.JobFrame.parseFrom(bytes);
      return switch (frame.getMessageCase()) {
        case REQUEST -> new JobMessage.Request(requests.decode(frame.getRequest().toByteArray()));
        case QUOTE -> new JobMessage.Quoted(quote(frame.getQuote()));
        case REFUSAL -> new JobMessage.Refused(refusals.decode(frame.getRefusal()));
        case PROMPT_SCORES ->
            new JobMessage.PromptScores(
                frame.getPromptScores().getOffset(),
                scores(frame.getPromptScores().getLogprobsList()));
        case TOKENS -> tokens(frame.getTokens());
        case COMMITMENT ->
            new JobMessage.Committed(
                new Commitment(
                    frame.getCommitment().getIndex(),
                    Hash.fromBytes(frame.getCommitment().getHash().toByteArray())));
        case STOP -> new JobMessage.Stop(frame.getStop().getKeepTokens());
        case RESULT -> result(frame.getResult());
        case RECEIPT_ACK ->
            new JobMessage.ReceiptAck(
                Secp256k1.Signature.fromBytes(
                    frame.getReceiptAck().getClientSignature().toByteArray()));
        case MESSAGE_NOT_SET ->
            throw new ProtocolViolationException("a job message of an unknown kind");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException | ArithmeticException e) {
      throw new ProtocolViolationException("not a job message: " + e.getMessage(), e);
    }
  }

  private static SignedQuote quote(ByteString bytes)
      throws ProtocolViolationException, InvalidProtocolBufferException {
    SignedEnvelope envelope = SignedEnvelope.fromBytes(bytes.toByteArray(), MAX_QUOTE_SIZE);
    JobProto.Quote message = JobProto.Quote.parseFrom(envelope.payload());
    if (message.getVersion() != Quote.VERSION) {
      throw new ProtocolViolationException(
          "a quote of version " + Integer.toUnsignedString(message.getVersion()));
    }
    return new SignedQuote(
        new Quote(
            JobId.fromBytes(message.getJobId().toByteArray()),
            message.getAttempt(),
            new PriceList(message.getBase(), message.getPerThousandTokens()),
            message.getMaximum(),
            Instant.ofEpochMilli(message.getValidUntil())),
        envelope);
  }

  private JobMessage.Tokens tokens(JobProto.Tokens message) throws ProtocolViolationException {
    if (message.getIdsCount() == 0 || message.getIdsCount() > limits.maxTokensPerFrame()) {
      throw new ProtocolViolationException(
          message.getIdsCount() + " tokens in one message, 1 to " + limits.maxTokensPerFrame());
    }
    if (message.getOffset() < 0) {
      throw new ProtocolViolationException("tokens with an offset over 2^31");
    }
    return new JobMessage.Tokens(
        message.getOffset(), TokenIds.of(message.getIdsList()), scores(message.getLogprobsList()));
  }

  private List<TokenScore> scores(List<JobProto.Logprob> messages)
      throws ProtocolViolationException {
    if (messages.size() > limits.maxTokensPerFrame()) {
      throw new ProtocolViolationException(
          messages.size() + " scores in one message, at most " + limits.maxTokensPerFrame());
    }
    List<TokenScore> scores = new ArrayList<>(messages.size());
    for (JobProto.Logprob message : messages) {
      int alternatives = message.getTopIdsCount();
      if (alternatives > GenerationRequest.MAX_TOP_LOGPROBS
          || alternatives != message.getTopLogprobsCount()) {
        throw new ProtocolViolationException("a score with " + alternatives + " alternatives");
      }
      List<TokenScore.Alternative> top = new ArrayList<>(alternatives);
      for (int i = 0; i < alternatives; i++) {
        top.add(
            new TokenScore.Alternative(
                tokenId(message.getTopIds(i)), logprob(message.getTopLogprobs(i))));
      }
      scores.add(new TokenScore(logprob(message.getLogprob()), top));
    }
    return scores;
  }

  private static int tokenId(int id) throws ProtocolViolationException {
    if (id < 0) {
      throw new ProtocolViolationException("not a token id: " + Integer.toUnsignedString(id));
    }
    return id;
  }

  private static double logprob(double value) throws ProtocolViolationException {
    if (!(value <= MAX_LOGPROB)) {
      throw new ProtocolViolationException("not a log-probability: " + value);
    }
    return value;
  }

  private JobMessage.Result result(JobProto.Result message) throws ProtocolViolationException {
    return new JobMessage.Result(
        receipts.decode(message.getReceipt().toByteArray()),
        new JobMessage.Timings(
            Duration.of(message.getTimings().getFirstTokenMicros(), ChronoUnit.MICROS),
            Duration.of(message.getTimings().getTotalMicros(), ChronoUnit.MICROS)));
  }
}
