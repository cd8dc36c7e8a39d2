package io.infernet.libp2p.security.noise;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.proto.libp2p.NoiseProto.NoiseExtensions;
import io.infernet.proto.libp2p.NoiseProto.NoiseHandshakePayload;
import java.nio.ByteBuffer;

/** The payload's protobuf. Unknown fields and extensions are skipped, as the registry wants it. */
record NoisePayloadCodec(int maxMessageSize) implements MessageCodec<NoisePayload> {

  @Override
  public ByteBuffer encode(NoisePayload payload) {
    NoiseHandshakePayload.Builder message =
        NoiseHandshakePayload.newBuilder()
            .setIdentityKey(ByteString.copyFrom(payload.identityKey().toProtobuf()))
            .setIdentitySig(ByteString.copyFrom(payload.signature()));
    if (!payload.muxers().isEmpty()) {
      message.setExtensions(NoiseExtensions.newBuilder().addAllStreamMuxers(payload.muxers()));
    }
    return ByteBuffer.wrap(message.build().toByteArray());
  }

  @Override
  public NoisePayload decode(ByteBuffer bytes) throws ProtocolViolationException {
    if (bytes.remaining() > maxMessageSize) {
      throw new ProtocolViolationException(
          "Noise payload of %d bytes, at most %d".formatted(bytes.remaining(), maxMessageSize));
    }
    try {
      NoiseHandshakePayload message = NoiseHandshakePayload.parseFrom(bytes);
      return new NoisePayload(
          PublicKey.fromProtobuf(message.getIdentityKey().toByteArray()),
          message.getIdentitySig().toByteArray(),
          message.getExtensions().getStreamMuxersList());
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolViolationException("Noise payload is not the expected protobuf", e);
    }
  }
}
