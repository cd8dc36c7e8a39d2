package io.infernet.inference.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceChoiceTest {

  @Test
  void roundTripsThroughText() {
    for (String text : List.of("auto", "cpu", "cuda", "cuda:0", "cuda:7", "mps")) {
      assertEquals(text, DeviceChoice.parse(text).toString());
    }
    for (String text : List.of("", "gpu", "cuda:", "cuda:-1", "cuda:256", "cpu:0", "CUDA")) {
      assertThrows(IllegalArgumentException.class, () -> DeviceChoice.parse(text), text);
    }
  }

  @Test
  void knowsWhichDevicesItAllows() {
    assertTrue(DeviceChoice.AUTO.allows(Device.CPU));
    assertTrue(DeviceChoice.AUTO.allows(Device.cuda(3)));
    assertTrue(DeviceChoice.parse("cuda").allows(Device.cuda(3)));
    assertFalse(DeviceChoice.parse("cuda").allows(Device.CPU));
    assertFalse(DeviceChoice.parse("cuda:1").allows(Device.cuda(3)));
    assertTrue(DeviceChoice.parse("cuda:3").allows(Device.cuda(3)));
    assertFalse(DeviceChoice.CPU.allows(Device.MPS));
    assertFalse(DeviceChoice.AUTO.wantsGpu());
    assertFalse(DeviceChoice.CPU.wantsGpu());
    assertTrue(DeviceChoice.parse("mps").wantsGpu());
  }
}
