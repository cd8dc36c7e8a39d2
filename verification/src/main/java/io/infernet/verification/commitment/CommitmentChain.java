package io.infernet.verification.commitment;

import io.infernet.inference.engine.SamplingParams;
import io.infernet.inference.tokenizer.TokenIds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The hashes by which a provider commits to an answer while it makes it, 32 tokens at a time:
 * {@code C₀ = H(terms)}, {@code Cᵢ = H(Cᵢ₋₁ ‖ tokensᵢ ‖ proofᵢ)}. The client computes the same
 * chain from the tokens it receives and compares. Owned by one thread; grows by a hash per chunk
 * and an int per token.
 *
 * <p><b>Encoding.</b> H is SHA-256. Every hash starts with a tag that names what is hashed; numbers
 * are big-endian and of fixed size, everything of variable size follows its length in four bytes,
 * so no two different contents have the same encoding. C₀ covers the tag {@code infernet-job-1},
 * the job id, the attempt, the provider's peer id, the manifest's CID, prompt, output so far,
 * temperature, top k, top p, seed, maxTokens and the stop ids. Where sampling is not plain ({@link
 * SamplingParams#isPlain}), the tag is {@code infernet-job-2} and there follow min-p, the
 * repetition, presence and frequency penalties, the number of biases with the id and bias of each,
 * and the number of the format (0 text, 1 JSON object). Cᵢ covers the tag {@code infernet-chunk-1},
 * Cᵢ₋₁, the chunk's tokens and its proof, which is empty in this version.
 */
public final class CommitmentChain {

  /** Tokens in a chunk. */
  public static final int CHUNK = 32;

  private static final String TERMS_TAG = "infernet-job-1";
  private static final String MORE_TERMS_TAG = "infernet-job-2";
  private static final String CHUNK_TAG = "infernet-chunk-1";

  private final List<Hash> hashes = new ArrayList<>();
  private int[] tokens = new int[CHUNK];
  private int size;

  /** A chain with no tokens yet, bound to the attempt's terms. */
  public CommitmentChain(JobRequest terms) {
    hashes.add(first(terms));
  }

  private static Hash first(JobRequest terms) {
    SamplingParams sampling = terms.sampling();
    FieldHasher encoder = new FieldHasher(sampling.isPlain() ? TERMS_TAG : MORE_TERMS_TAG);
    encoder.bytes(terms.jobId().toBytes());
    encoder.number(terms.attempt());
    encoder.bytes(terms.provider().toBytes());
    encoder.bytes(terms.model().toBytes());
    encoder.tokens(terms.prompt());
    encoder.tokens(terms.outputSoFar());
    encoder.number(sampling.temperature());
    encoder.number(sampling.topK());
    encoder.number(sampling.topP());
    encoder.number(sampling.seed());
    encoder.number(terms.maxTokens());
    encoder.tokens(TokenIds.of(terms.stopIds()));
    if (!sampling.isPlain()) {
      encoder.number(sampling.minP());
      encoder.number(sampling.penalties().repetition());
      encoder.number(sampling.penalties().presence());
      encoder.number(sampling.penalties().frequency());
      encoder.number(sampling.logitBias().size());
      sampling
          .logitBias()
          .forEach(
              (id, bias) -> {
                encoder.number((long) id);
                encoder.number((double) bias);
              });
      encoder.number(
          switch (sampling.format()) {
            case TEXT -> 0L;
            case JSON_OBJECT -> 1L;
          });
    }
    return encoder.hash();
  }

  /**
   * Appends the attempt's next token.
   *
   * @return the commitment when it completes a chunk
   */
  public Optional<Commitment> add(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * size);
    }
    tokens[size++] = token;
    if (size % CHUNK != 0) {
      return Optional.empty();
    }
    hashes.add(next(last(), size - CHUNK, size));
    return Optional.of(new Commitment(size / CHUNK, last()));
  }

  /** How many tokens were appended. */
  public int size() {
    return size;
  }

  /** The tokens appended so far. */
  public TokenIds tokens() {
    return TokenIds.of(Arrays.copyOf(tokens, size));
  }

  /** C₀: the terms. */
  public Hash first() {
    return hashes.get(0);
  }

  /**
   * The commitment to the chunk with that index, counted from 1.
   *
   * @return empty when the chunk is not complete
   */
  public Optional<Commitment> commitment(int index) {
    return index >= 1 && index < hashes.size()
        ? Optional.of(new Commitment(index, hashes.get(index)))
        : Optional.empty();
  }

  /**
   * The end of the chain for an answer that keeps only the first {@code kept} tokens; what is left
   * of the last chunk is hashed as a shorter one.
   */
  public Hash end(int kept) {
    if (kept < 0 || kept > size) {
      throw new IllegalArgumentException(kept + " of " + size + " tokens");
    }
    Hash last = hashes.get(kept / CHUNK);
    return kept % CHUNK == 0 ? last : next(last, kept - kept % CHUNK, kept);
  }

  private Hash last() {
    return hashes.get(hashes.size() - 1);
  }

  private Hash next(Hash before, int from, int to) {
    FieldHasher encoder = new FieldHasher(CHUNK_TAG);
    encoder.bytes(before.toBytes());
    encoder.tokens(TokenIds.of(Arrays.copyOfRange(tokens, from, to)));
    encoder.bytes(new byte[0]);
    return encoder.hash();
  }
}
