package io.infernet.verification.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.libp2p.testing.Property;
import io.infernet.proto.evidence.EvidenceProto;
import io.infernet.verification.Samples;
import io.infernet.verification.commitment.JobRequest;
import io.infernet.verification.receipt.ReceiptVerdict;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.receipt.SignedReceipt;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvidenceCodecTest {

  private final JobRequestCodec requests = new JobRequestCodec(EvidenceLimits.defaults());
  private final ReceiptCodec receipts = new ReceiptCodec();

  @Test
  void readsTheRequestsThatItWrites() {
    Property.forAll(
        50,
        random -> {
          SignedJobRequest signed = requests.sign(Samples.request(random), Samples.CLIENT);
          SignedJobRequest read = requests.decode(signed.envelope().toBytes());
          assertEquals(signed, read);
          assertTrue(read.isSignedByClient());
        });
  }

  @Test
  void knowsWhoSignedARequest() {
    JobRequest request = Samples.request();

    assertTrue(requests.sign(request, Samples.CLIENT).isSignedByClient());
    assertFalse(requests.sign(request, Samples.PROVIDER).isSignedByClient());
    SignedEnvelope otherPurpose =
        SignedEnvelope.sign(
            Samples.CLIENT,
            "something-else",
            JobRequestCodec.PAYLOAD_TYPE,
            requests.sign(request, Samples.CLIENT).envelope().payload());
    assertFalse(new SignedJobRequest(request, otherPurpose).isSignedByClient());
  }

  @Test
  void takesNoRequestForAnother() {
    Property.forAll(
        300,
        random -> {
          SignedJobRequest signed = requests.sign(Samples.request(), Samples.CLIENT);
          byte[] bytes = Property.mutate(random, signed.envelope().toBytes());
          try {
            SignedJobRequest read = requests.decode(bytes);
            assertTrue(read.request().equals(signed.request()) || !read.isSignedByClient());
          } catch (ProtocolViolationException e) {
            // The one way to say no.
          }
        });
  }

  @Test
  void refusesRequestsOverItsLimits() throws ProtocolViolationException {
    JobRequestCodec strict = new JobRequestCodec(new EvidenceLimits(10, 10, 2));
    byte[] fits = sized(10, 10, 2, 2);
    assertEquals(10, strict.decode(fits).request().prompt().size());

    for (byte[] tooMuch :
        new byte[][] {sized(11, 10, 2, 2), sized(10, 11, 2, 2), sized(10, 10, 3, 2)}) {
      assertThrows(ProtocolViolationException.class, () -> strict.decode(tooMuch));
    }
    assertThrows(
        ProtocolViolationException.class, () -> strict.decode(new byte[100_000]), "too large");
  }

  private byte[] sized(int prompt, int answer, int stops, int soFar) {
    JobRequest r = Samples.request();
    return requests
        .sign(
            new JobRequest(
                r.jobId(),
                r.attempt(),
                r.client(),
                r.provider(),
                r.model(),
                TokenIds.of(new int[prompt]),
                TokenIds.of(new int[soFar]),
                r.sampling(),
                answer,
                IntStream.range(0, stops).boxed().toList(),
                r.topLogprobs(),
                r.scorePrompt(),
                r.deadline(),
                r.maxPrice(),
                r.nonce()),
            Samples.CLIENT)
        .envelope()
        .toBytes();
  }

  @Test
  void saysTheLowestVersionThatSaysItAll() throws Exception {
    JobRequest plain = Samples.request();
    assertEquals(1, version(plain, plain.sampling()));
    for (SamplingParams more :
        List.of(
            plain.sampling().withMinP(0.1),
            plain.sampling().withPenalties(Penalties.NONE.withRepetition(1.1)),
            plain.sampling().withLogitBias(Map.of(3, 0.0)),
            plain.sampling().withFormat(ResponseFormat.JSON_OBJECT))) {
      assertEquals(2, version(plain, more));
    }
  }

  private int version(JobRequest r, SamplingParams sampling) throws Exception {
    JobRequest request = with(r, sampling);
    SignedEnvelope envelope = requests.sign(request, Samples.CLIENT).envelope();
    assertEquals(request, requests.decode(envelope.toBytes()).request());
    return EvidenceProto.JobRequest.parseFrom(envelope.payload()).getVersion();
  }

  private static JobRequest with(JobRequest r, SamplingParams sampling) {
    return new JobRequest(
        r.jobId(),
        r.attempt(),
        r.client(),
        r.provider(),
        r.model(),
        r.prompt(),
        r.outputSoFar(),
        sampling,
        r.maxTokens(),
        r.stopIds(),
        r.topLogprobs(),
        r.scorePrompt(),
        r.deadline(),
        r.maxPrice(),
        r.nonce());
  }

  @Test
  void refusesSamplingThatNoVersionHas() throws Exception {
    EvidenceProto.JobRequest message =
        EvidenceProto.JobRequest.parseFrom(
            requests
                .sign(
                    with(Samples.request(), Samples.request().sampling().withMinP(0.5)),
                    Samples.CLIENT)
                .envelope()
                .payload());
    EvidenceProto.Sampling sampling = message.getSampling();
    EvidenceProto.LogitBias bias = EvidenceProto.LogitBias.newBuilder().setId(1).build();
    List<EvidenceProto.JobRequest> bad =
        List.of(
            message.toBuilder().setVersion(0).build(),
            message.toBuilder().setVersion(1).build(),
            message.toBuilder().setVersion(3).build(),
            with(message, sampling.toBuilder().setMinP(1.5)),
            with(message, sampling.toBuilder().setMinP(Double.NaN)),
            with(message, sampling.toBuilder().setRepetitionPenalty(0)),
            with(message, sampling.toBuilder().setFormatValue(2)),
            with(message, sampling.toBuilder().addLogitBias(bias).addLogitBias(bias)),
            with(message, sampling.toBuilder().addLogitBias(bias.toBuilder().setId(-1))),
            with(message, sampling.toBuilder().addLogitBias(bias.toBuilder().setBias(101))));
    for (EvidenceProto.JobRequest each : bad) {
      byte[] bytes =
          SignedEnvelope.sign(
                  Samples.CLIENT,
                  JobRequestCodec.DOMAIN,
                  JobRequestCodec.PAYLOAD_TYPE,
                  each.toByteArray())
              .toBytes();
      assertThrows(ProtocolViolationException.class, () -> requests.decode(bytes), each::toString);
    }
  }

  private static EvidenceProto.JobRequest with(
      EvidenceProto.JobRequest message, EvidenceProto.Sampling.Builder sampling) {
    return message.toBuilder().setSampling(sampling).build();
  }

  @Test
  void fitsTheLargestRequestIntoItsLimit() throws ProtocolViolationException {
    EvidenceLimits limits = new EvidenceLimits(1000, 1000, 10);
    JobRequest r = Samples.request();
    TokenIds largest = TokenIds.of(Collections.nCopies(1000, Integer.MAX_VALUE));
    JobRequest full =
        new JobRequest(
            r.jobId(),
            Integer.MAX_VALUE,
            r.client(),
            r.provider(),
            r.model(),
            largest,
            largest,
            r.sampling()
                .withLogitBias(
                    IntStream.range(0, SamplingParams.MAX_BIASES)
                        .boxed()
                        .collect(Collectors.toMap(i -> Integer.MAX_VALUE - i, i -> -0.1))),
            1000,
            IntStream.range(Integer.MAX_VALUE - 10, Integer.MAX_VALUE).boxed().toList(),
            r.topLogprobs(),
            true,
            r.deadline(),
            Long.MAX_VALUE,
            -1);
    JobRequestCodec codec = new JobRequestCodec(limits);

    assertEquals(
        full, codec.decode(codec.sign(full, Samples.CLIENT).envelope().toBytes()).request());
  }

  @Test
  void readsTheReceiptsThatItWrites() {
    Property.forAll(
        50,
        random -> {
          SignedReceipt half = SignedReceipt.byProvider(Samples.receipt(random), Samples.PROVIDER);
          SignedReceipt whole = half.counterSigned(Samples.CLIENT);
          assertEquals(half, receipts.decode(receipts.encode(half)));
          assertEquals(whole, receipts.decode(receipts.encode(whole)));
          assertTrue(receipts.encode(whole).length < ReceiptCodec.MAX_SIZE / 2);
        });
  }

  @Test
  void takesNoReceiptForAnother() {
    SignedReceipt whole =
        SignedReceipt.byProvider(Samples.receipt(), Samples.PROVIDER).counterSigned(Samples.CLIENT);
    byte[] honest = receipts.encode(whole);
    Property.forAll(
        300,
        random -> {
          try {
            SignedReceipt read = receipts.decode(Property.mutate(random, honest));
            boolean valid = new ReceiptVerifier().verify(read) instanceof ReceiptVerdict.Valid;
            assertTrue(read.receipt().equals(whole.receipt()) || !valid);
          } catch (ProtocolViolationException e) {
            // The one way to say no.
          }
        });
  }

  @Test
  void refusesLimitsBelowOne() {
    assertThrows(IllegalArgumentException.class, () -> new EvidenceLimits(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new EvidenceLimits(1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new EvidenceLimits(1, 1, 0));
    assertEquals(new EvidenceLimits(131_072, 32_768, 64), EvidenceLimits.defaults());
  }
}
