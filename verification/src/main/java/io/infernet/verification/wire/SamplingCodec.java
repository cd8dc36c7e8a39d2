package io.infernet.verification.wire;

import io.infernet.inference.engine.Penalties;
import io.infernet.inference.engine.ResponseFormat;
import io.infernet.inference.engine.SamplingParams;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.proto.evidence.EvidenceProto;
import java.util.HashMap;
import java.util.Map;

/** {@link SamplingParams} as protobuf, within other messages. */
final class SamplingCodec {

  private SamplingCodec() {}

  static EvidenceProto.Sampling encode(SamplingParams sampling) {
    EvidenceProto.Sampling.Builder message =
        EvidenceProto.Sampling.newBuilder()
            .setTemperature(sampling.temperature())
            .setTopK(sampling.topK())
            .setTopP(sampling.topP())
            .setSeed(sampling.seed())
            .setMinP(sampling.minP())
            .setPresencePenalty(sampling.penalties().presence())
            .setFrequencyPenalty(sampling.penalties().frequency())
            .setFormat(
                switch (sampling.format()) {
                  case TEXT -> EvidenceProto.ResponseFormat.TEXT;
                  case JSON_OBJECT -> EvidenceProto.ResponseFormat.JSON_OBJECT;
                });
    if (sampling.penalties().repetition() != 1) {
      message.setRepetitionPenalty(sampling.penalties().repetition());
    }
    sampling
        .logitBias()
        .forEach(
            (id, bias) ->
                message.addLogitBias(EvidenceProto.LogitBias.newBuilder().setId(id).setBias(bias)));
    return message.build();
  }

  /**
   * @throws ProtocolViolationException when there are too many biases or a format is unknown
   * @throws IllegalArgumentException when a number is out of range
   */
  static SamplingParams decode(EvidenceProto.Sampling message) throws ProtocolViolationException {
    if (message.getLogitBiasCount() > SamplingParams.MAX_BIASES) {
      throw new ProtocolViolationException(message.getLogitBiasCount() + " biases are too many");
    }
    Map<Integer, Double> biases = new HashMap<>();
    for (EvidenceProto.LogitBias bias : message.getLogitBiasList()) {
      if (biases.put(bias.getId(), bias.getBias()) != null) {
        throw new ProtocolViolationException("two biases for token " + bias.getId());
      }
    }
    return new SamplingParams(
        message.getTemperature(),
        message.getTopK(),
        message.getTopP(),
        message.getMinP(),
        new Penalties(
            message.hasRepetitionPenalty() ? message.getRepetitionPenalty() : 1,
            message.getPresencePenalty(),
            message.getFrequencyPenalty()),
        biases,
        switch (message.getFormat()) {
          case TEXT -> ResponseFormat.TEXT;
          case JSON_OBJECT -> ResponseFormat.JSON_OBJECT;
          case UNRECOGNIZED ->
              throw new ProtocolViolationException(
                  "answers in format " + message.getFormatValue() + " are unknown here");
        },
        message.getSeed());
  }
}
