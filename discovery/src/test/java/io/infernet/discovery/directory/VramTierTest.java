package io.infernet.discovery.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VramTierTest {

  private static Gpu gpu(long mebibytes) {
    return new Gpu(Gpu.Vendor.NVIDIA, "card", mebibytes << 20, "1", 1);
  }

  private static HardwareFingerprint machine(Gpu... gpus) {
    return new HardwareFingerprint("cpu", 8, 1L << 34, List.of(gpus));
  }

  @Test
  void putsCardsWhereTheirNameSaysWhateverTheDriverCounts() {
    // Sizes as nvidia-smi shows them for cards sold as 2, 4, 8, 12, 16, 24, 40, 48, 80, 141 GB.
    List<Long> mebibytes =
        List.of(2048L, 4096L, 8188L, 12288L, 16376L, 24564L, 40960L, 46068L, 81559L, 143771L);
    List<VramTier> tiers =
        List.of(
            VramTier.NANO,
            VramTier.SMALL,
            VramTier.MEDIUM,
            VramTier.MEDIUM,
            VramTier.LARGE,
            VramTier.LARGE,
            VramTier.XL,
            VramTier.XL,
            VramTier.XXL,
            VramTier.XXL);
    for (int i = 0; i < tiers.size(); i++) {
      assertEquals(Optional.of(tiers.get(i)), VramTier.of(mebibytes.get(i) << 20));
    }
  }

  @Test
  void goesByTheLargestCardAndHasNoneWithoutOne() {
    assertEquals(Optional.of(VramTier.LARGE), machine(gpu(8192), gpu(24564)).tier());
    assertEquals(Optional.empty(), machine().tier());
    assertEquals(Optional.empty(), machine(gpu(0)).tier());
  }

  @Test
  void readsWhatItPrints() {
    for (VramTier tier : VramTier.values()) {
      assertEquals(Optional.of(tier), VramTier.parse(tier.toString()));
    }
    assertEquals(Optional.empty(), VramTier.parse("huge"));
  }

  @Test
  void refusesImpossibleHardware() {
    assertThrows(IllegalArgumentException.class, () -> new Gpu(Gpu.Vendor.AMD, "card", -1, "", 1));
    assertThrows(IllegalArgumentException.class, () -> new Gpu(Gpu.Vendor.AMD, "card", 1, "", 0));
    assertThrows(
        IllegalArgumentException.class, () -> new HardwareFingerprint("", -1, 0, List.of()));
  }
}
