package io.infernet.libp2p.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Varint;
import io.infernet.proto.libp2p.EnvelopeProto.Envelope;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Bytes with the signature of the peer that wrote them, for messages that others must be able to
 * check later. The signature also covers a domain and a payload type, so that what was signed for
 * one purpose cannot serve another. An immutable value.
 *
 * @see <a href="https://github.com/libp2p/specs/blob/master/RFC/0002-signed-envelopes.md">RFC 0002,
 *     signed envelopes</a>
 */
public final class SignedEnvelope {

  /** More than the longest public key and signature (RSA, 8192 bits) and the field headers take. */
  public static final int OVERHEAD = PublicKey.MAX_PROTOBUF_LENGTH + 1024 + 256;

  private final PublicKey signer;
  private final byte[] payloadType;
  private final byte[] payload;
  private final byte[] signature;

  private SignedEnvelope(PublicKey signer, byte[] payloadType, byte[] payload, byte[] signature) {
    this.signer = signer;
    this.payloadType = payloadType;
    this.payload = payload;
    this.signature = signature;
  }

  /**
   * Signs {@code payload}.
   *
   * @param domain the purpose, which both sides know; not part of the envelope
   * @param payloadType how the payload is encoded, as UTF-8 text
   */
  public static SignedEnvelope sign(
      PrivateKey key, String domain, String payloadType, byte[] payload) {
    return sign(key, domain, payloadType.getBytes(StandardCharsets.UTF_8), payload);
  }

  /** As above, for a type that is not text, such as a multicodec. */
  public static SignedEnvelope sign(
      PrivateKey key, String domain, byte[] payloadType, byte[] payload) {
    byte[] type = payloadType.clone();
    byte[] copy = payload.clone();
    return new SignedEnvelope(
        key.publicKey(), type, copy, key.sign(signedBytes(domain, type, copy)));
  }

  /**
   * Reads an envelope; says nothing of its signature, which {@link #isSignedFor} checks.
   *
   * @param maxPayload longest payload in bytes
   * @throws ProtocolViolationException when it is too large or malformed
   */
  public static SignedEnvelope fromBytes(byte[] bytes, int maxPayload)
      throws ProtocolViolationException {
    if (bytes.length > maxPayload + (long) OVERHEAD) {
      throw new ProtocolViolationException("a signed envelope of " + bytes.length + " bytes");
    }
    try {
      Envelope envelope = Envelope.parseFrom(bytes);
      if (envelope.getPayload().size() > maxPayload) {
        throw new ProtocolViolationException(
            "a payload of " + envelope.getPayload().size() + " bytes is over " + maxPayload);
      }
      return new SignedEnvelope(
          PublicKey.fromProtobuf(envelope.getPublicKey().toByteArray()),
          envelope.getPayloadType().toByteArray(),
          envelope.getPayload().toByteArray(),
          envelope.getSignature().toByteArray());
    } catch (InvalidProtocolBufferException e) {
      throw new ProtocolViolationException("not a signed envelope", e);
    }
  }

  /** Whether {@link #signer} signed exactly this, for this domain and type. */
  public boolean isSignedFor(String domain, String type) {
    return isSignedFor(domain, type.getBytes(StandardCharsets.UTF_8));
  }

  /** As above, for a type that is not text. */
  public boolean isSignedFor(String domain, byte[] type) {
    return Arrays.equals(payloadType, type)
        && signer.verify(signedBytes(domain, type, payload), signature);
  }

  /** The key that goes with the signature. */
  public PublicKey signer() {
    return signer;
  }

  public byte[] payload() {
    return payload.clone();
  }

  public byte[] toBytes() {
    return Envelope.newBuilder()
        .setPublicKey(ByteString.copyFrom(signer.toProtobuf()))
        .setPayloadType(ByteString.copyFrom(payloadType))
        .setPayload(ByteString.copyFrom(payload))
        .setSignature(ByteString.copyFrom(signature))
        .build()
        .toByteArray();
  }

  /** Each part with its length before it, RFC 0002 "Signature Production / Verification". */
  private static byte[] signedBytes(String domain, byte[] payloadType, byte[] payload) {
    byte[] first = domain.getBytes(StandardCharsets.UTF_8);
    ByteBuffer buffer =
        ByteBuffer.allocate(
            first.length + payloadType.length + payload.length + 3 * Varint.MAX_LENGTH);
    for (byte[] part : new byte[][] {first, payloadType, payload}) {
      Varint.write(part.length, buffer);
      buffer.put(part);
    }
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SignedEnvelope that
        && signer.equals(that.signer)
        && Arrays.equals(payloadType, that.payloadType)
        && Arrays.equals(payload, that.payload)
        && Arrays.equals(signature, that.signature);
  }

  @Override
  public int hashCode() {
    return Objects.hash(signer, Arrays.hashCode(payloadType), Arrays.hashCode(payload));
  }

  /** The type, its size and the signer. */
  @Override
  public String toString() {
    String type = new String(payloadType, StandardCharsets.UTF_8);
    boolean text = type.chars().allMatch(c -> c >= ' ' && c <= '~');
    return (text ? type : HexFormat.of().formatHex(payloadType))
        + ", "
        + payload.length
        + " bytes signed by "
        + PeerId.of(signer);
  }
}
