package io.infernet.verification.receipt;

import io.infernet.libp2p.peer.EvmAddress;
import io.infernet.libp2p.peer.Secp256k1;
import io.infernet.verification.commitment.Hash;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The digest of a {@link Receipt} as EIP-712 structured data: {@code keccak256(0x1901 ‖
 * domainSeparator ‖ hashStruct(receipt))}.
 *
 * <p>The domain has name {@value #DOMAIN_NAME} and version {@value #DOMAIN_VERSION}, and no chain
 * and no contract, because a receipt belongs to none. Peer ids and the CID are in their usual text
 * form; the times are Unix milliseconds, the price is in millionths.
 *
 * @see <a href="https://eips.ethereum.org/EIPS/eip-712">EIP-712</a>
 */
public final class Eip712 {

  public static final String DOMAIN_NAME = "Infernet";
  public static final String DOMAIN_VERSION = "1";
  public static final String DOMAIN_TYPE = "EIP712Domain(string name,string version)";

  /** The receipt's members in signed order. */
  public static final String RECEIPT_TYPE =
      "Receipt(bytes16 jobId,uint32 attempt,address client,address provider,"
          + "string clientPeer,string providerPeer,string model,"
          + "bytes32 firstCommitment,bytes32 lastCommitment,"
          + "uint32 promptTokens,uint32 resumedTokens,uint32 completionTokens,"
          + "uint64 price,string end,uint64 startedAt,uint64 finishedAt)";

  private static final int WORD = 32;

  private Eip712() {}

  static Hash digest(Receipt receipt) {
    Words domain = new Words(DOMAIN_TYPE).string(DOMAIN_NAME).string(DOMAIN_VERSION);
    Words struct =
        new Words(RECEIPT_TYPE)
            .leftAligned(receipt.jobId().toBytes())
            .number(receipt.attempt())
            .address(receipt.clientAddress())
            .address(receipt.providerAddress())
            .string(receipt.client().toString())
            .string(receipt.provider().toString())
            .string(receipt.model().toString())
            .leftAligned(receipt.firstCommitment().toBytes())
            .leftAligned(receipt.lastCommitment().toBytes())
            .number(receipt.promptTokens())
            .number(receipt.resumedTokens())
            .number(receipt.completionTokens())
            .number(receipt.price())
            .string(receipt.end().toString())
            .number(receipt.startedAt().toEpochMilli())
            .number(receipt.finishedAt().toEpochMilli());
    byte[] all =
        ByteBuffer.allocate(2 + 2 * WORD)
            .put((byte) 0x19)
            .put((byte) 0x01)
            .put(domain.hash())
            .put(struct.hash())
            .array();
    return Hash.fromBytes(Secp256k1.keccak256(all));
  }

  /** {@code encodeData}: one word of 32 bytes for each member, after the hash of the type. */
  private static final class Words {
    private final ByteArrayOutputStream words = new ByteArrayOutputStream();

    Words(String type) {
      string(type);
    }

    /** Dynamic values are hashed. */
    Words string(String value) {
      words.writeBytes(Secp256k1.keccak256(value.getBytes(StandardCharsets.UTF_8)));
      return this;
    }

    Words number(long value) {
      words.writeBytes(ByteBuffer.allocate(WORD).putLong(WORD - Long.BYTES, value).array());
      return this;
    }

    Words address(EvmAddress value) {
      words.writeBytes(
          ByteBuffer.allocate(WORD)
              .position(WORD - EvmAddress.LENGTH)
              .put(value.toBytes())
              .array());
      return this;
    }

    /** {@code bytes1} to {@code bytes32} are padded at their end. */
    Words leftAligned(byte[] value) {
      words.writeBytes(ByteBuffer.allocate(WORD).put(value).array());
      return this;
    }

    byte[] hash() {
      return Secp256k1.keccak256(words.toByteArray());
    }
  }
}
