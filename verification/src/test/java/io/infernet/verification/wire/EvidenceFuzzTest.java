package io.infernet.verification.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.verification.Samples;
import io.infernet.verification.receipt.ReceiptVerifier;
import io.infernet.verification.receipt.SignedReceipt;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

class EvidenceFuzzTest {

  private static final JobRequestCodec REQUESTS = new JobRequestCodec(EvidenceLimits.defaults());
  private static final ReceiptCodec RECEIPTS = new ReceiptCodec();

  @MethodSource("requests")
  @FuzzTest(maxDuration = "1m")
  void readsRequestsOrSaysNo(byte[] input) {
    try {
      SignedJobRequest read = REQUESTS.decode(input);
      read.isSignedByClient();
      assertEquals(read.envelope(), REQUESTS.decode(read.envelope().toBytes()).envelope());
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> requests() {
    return Stream.of(
        REQUESTS.sign(Samples.request(), Samples.CLIENT).envelope().toBytes(),
        new byte[0],
        new byte[] {10, 3, 1, 2, 3});
  }

  @MethodSource("receipts")
  @FuzzTest(maxDuration = "1m")
  void readsReceiptsOrSaysNo(byte[] input) {
    try {
      SignedReceipt read = RECEIPTS.decode(input);
      new ReceiptVerifier().verify(read);
      assertEquals(read, RECEIPTS.decode(RECEIPTS.encode(read)));
    } catch (ProtocolViolationException e) {
      // The one way to say no.
    }
  }

  static Stream<byte[]> receipts() {
    SignedReceipt half = SignedReceipt.byProvider(Samples.receipt(), Samples.PROVIDER);
    return Stream.of(
        RECEIPTS.encode(half), RECEIPTS.encode(half.counterSigned(Samples.CLIENT)), new byte[0]);
  }
}
