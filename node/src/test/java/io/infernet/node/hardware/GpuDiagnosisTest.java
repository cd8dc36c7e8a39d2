package io.infernet.node.hardware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.infernet.discovery.directory.Gpu;
import io.infernet.discovery.directory.HardwareFingerprint;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.DeviceChoice;
import io.infernet.inference.engine.LibtorchReport;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.node.hardware.CommandRunner.Output;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every way in which a GPU cannot be used, without one. */
class GpuDiagnosisTest {

  private static final Hardware NOTHING = hardware(List.of());
  private static final LibtorchReport FOR_CPU = libtorch(false, List.of(), "");
  private static final Surroundings LINUX = new Surroundings("Linux", false, Map.of());
  private static final Surroundings CONTAINER = new Surroundings("Linux", true, Map.of());

  private static Hardware hardware(List<Gpu> gpus, String... problems) {
    return new Hardware(new HardwareFingerprint("cpu", 8, 1L << 34, gpus), List.of(problems));
  }

  private static Hardware nvidia(String driver) {
    return hardware(List.of(new Gpu(Gpu.Vendor.NVIDIA, "RTX 4060", 8L << 30, driver, 1)));
  }

  private static LibtorchReport libtorch(boolean cuda, List<Device> gpus, String failure) {
    return new LibtorchReport(
        "2.7.1",
        "/natives",
        Optional.empty(),
        cuda,
        gpus,
        Optional.of(failure).filter(text -> !text.isEmpty()));
  }

  private static LibtorchReport cudaSays(String failure) {
    return libtorch(true, List.of(), failure);
  }

  private static void assertReason(String reason, String mend, GpuState state) {
    GpuState.Unusable unusable = assertInstanceOf(GpuState.Unusable.class, state);
    assertEquals(reason, unusable.reason());
    assertEquals(mend, unusable.mend());
  }

  @Test
  void believesTheLibraryThatHasComputedSomething() {
    GpuState state =
        GpuDiagnosis.of(nvidia("570.1"), libtorch(true, List.of(Device.cuda(0)), ""), LINUX);
    assertEquals(new GpuState.Usable(List.of(Device.cuda(0))), state);
  }

  @Test
  void knowsMachinesWithoutOne() {
    assertEquals(
        "no GPU is plugged in that this program computes on",
        assertInstanceOf(GpuState.Absent.class, GpuDiagnosis.of(NOTHING, FOR_CPU, LINUX)).reason());
    assertEquals(
        "no GPU is visible in this container",
        assertInstanceOf(GpuState.Absent.class, GpuDiagnosis.of(NOTHING, FOR_CPU, CONTAINER))
            .reason());
  }

  @Test
  void namesTheLibraryForTheProcessor() {
    assertReason(
        "libtorch 2.7.1 in /natives computes on the processor only, and the RTX 4060 is not used",
        "unpack libtorch 2.7.1 for CUDA 12.8 from pytorch.org (or `pip install torch==2.7.1`) and"
            + " set engine.libtorch to the folder with libtorch_cuda, such as /opt/libtorch/lib",
        GpuDiagnosis.of(nvidia("570.1"), FOR_CPU, LINUX));
  }

  @Test
  void namesDriversThatAreMissingOrTooOld() {
    Hardware noDriver =
        hardware(List.of(), "an NVIDIA GPU is plugged in (PCI 0000:01:00.0) but cannot be used");
    assertReason(
        "an NVIDIA GPU is plugged in (PCI 0000:01:00.0) but cannot be used",
        "then start again",
        GpuDiagnosis.of(noDriver, FOR_CPU, LINUX));
    assertReason(
        "NVIDIA's driver 470.256.02 is too old for CUDA 12",
        "install driver 525 or newer",
        GpuDiagnosis.of(nvidia("470.256.02"), FOR_CPU, LINUX));
    assertReason(
        "NVIDIA's driver 530.1 is too old for this libtorch (CUDA driver version is insufficient)",
        "install a newer driver",
        GpuDiagnosis.of(nvidia("530.1"), cudaSays("CUDA driver version is insufficient"), LINUX));
  }

  @Test
  void namesWhatHidesACard() {
    Hardware plugged = hardware(List.of(), "an NVIDIA GPU is plugged in");
    assertReason(
        "a GPU of this machine is not visible in the container (an NVIDIA GPU is plugged in)",
        "start the container with `--gpus all` and NVIDIA's container toolkit",
        GpuDiagnosis.of(plugged, FOR_CPU, CONTAINER));
    assertReason(
        "CUDA_VISIBLE_DEVICES = \"-1\" hides the RTX 4060",
        "unset it, or name the card's number",
        GpuDiagnosis.of(
            nvidia("570.1"),
            cudaSays(""),
            new Surroundings("Linux", false, Map.of("CUDA_VISIBLE_DEVICES", "-1"))));
    assertReason(
        "nvidia-smi lists the RTX 4060, but CUDA does not see it",
        "start the container with `--gpus all` and" + " NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        GpuDiagnosis.of(
            nvidia("570.1"), cudaSays("no CUDA-capable device is detected"), CONTAINER));
  }

  @Test
  void namesWhatCudaSays() {
    assertReason(
        "the RTX 4060 has no memory left",
        "end what else uses it (`nvidia-smi` lists it), or choose another card with engine.device ="
            + " \"cuda:N\"",
        GpuDiagnosis.of(nvidia("570.1"), cudaSays("CUDA error: out of memory"), LINUX));
    assertReason(
        "the RTX 4060 is of a generation that libtorch 2.7.1 for CUDA 12.8 has no code for",
        "set engine.device = \"cpu\"",
        GpuDiagnosis.of(
            nvidia("570.1"),
            cudaSays("CUDA error: no kernel image is available for execution on the device"),
            LINUX));
    assertReason(
        "CUDA fails on the RTX 4060: unspecified launch failure",
        "see whether `nvidia-smi` works, and restart the machine if it hangs",
        GpuDiagnosis.of(nvidia("570.1"), cudaSays("unspecified launch failure"), LINUX));
    assertReason(
        "libtorch does not load: no space left",
        "then start again",
        GpuDiagnosis.of(
            nvidia("570.1"),
            LibtorchReport.failed("libtorch does not load: no space left"),
            LINUX));
  }

  @Test
  void saysThatOtherMakersCardsAreNotComputedOn() {
    Hardware amd = hardware(List.of(new Gpu(Gpu.Vendor.AMD, "RX 7900", 1L << 34, "6.1", 1)));
    assertEquals(
        "RX 7900 is AMD's, and the native library here has no ROCm",
        assertInstanceOf(GpuState.Unusable.class, GpuDiagnosis.of(amd, FOR_CPU, LINUX)).reason());
    Hardware apple = hardware(List.of(new Gpu(Gpu.Vendor.APPLE, "M2", 1L << 34, "", 1)));
    Surroundings mac = new Surroundings("Mac OS X", false, Map.of());
    assertReason(
        "Metal fails: too old",
        "update macOS, or set engine.device = \"cpu\"",
        GpuDiagnosis.of(apple, libtorch(false, List.of(), "too old"), mac));
    assertEquals(
        new GpuState.Usable(List.of(Device.MPS)),
        GpuDiagnosis.of(apple, libtorch(false, List.of(Device.MPS), ""), mac));
  }

  @Test
  void choosesTheCardWithMostRoom() {
    GpuState two = new GpuState.Usable(List.of(Device.cuda(0), Device.cuda(1)));
    DeviceSelection any =
        DeviceSelection.of(DeviceChoice.AUTO, false, two, device -> device.index());
    assertEquals(new DeviceSelection(Device.cuda(1), Optional.empty()), any);
    assertEquals(
        Device.cuda(0),
        DeviceSelection.of(DeviceChoice.parse("cuda:0"), false, two, device -> device.index())
            .device());
    assertEquals(
        Optional.of("engine.device = \"cuda:7\" is not there: choose one of cuda:0, cuda:1"),
        DeviceSelection.of(DeviceChoice.parse("cuda:7"), false, two, device -> 0).problem());
    assertEquals(
        new DeviceSelection(Device.CPU, Optional.empty()),
        DeviceSelection.of(DeviceChoice.CPU, false, two, device -> 0));
  }

  @Test
  void complainsOnlyWhereAGpuCouldBeMeant() {
    GpuState absent = new GpuState.Absent("there is none", "buy one");
    GpuState unusable = new GpuState.Unusable("no driver", "install it");
    assertEquals(Optional.empty(), problem(DeviceChoice.AUTO, false, absent));
    assertEquals(Optional.of("there is none: buy one"), problem(DeviceChoice.AUTO, true, absent));
    assertEquals(
        Optional.of("there is none: buy one"), problem(DeviceChoice.parse("cuda"), false, absent));
    assertEquals(Optional.of("no driver: install it"), problem(DeviceChoice.AUTO, false, unusable));
    assertEquals(Optional.empty(), problem(DeviceChoice.CPU, false, unusable));
  }

  private static Optional<String> problem(DeviceChoice choice, boolean required, GpuState state) {
    return DeviceSelection.of(choice, required, state, device -> 0).problem();
  }

  @Test
  void readsACardsMemoryByTheNumberThatCudaGivesIt() {
    CommandRunner smi =
        command ->
            command.get(2).equals("GPU-b")
                ? new Output.Ended(0, "8188, 7000\n")
                : new Output.Ended(6, "no such card");
    assertEquals(
        Optional.of(new SystemMemory.Reading(8188L << 20, 7000L << 20)),
        new GpuMemory(smi, Map.of("CUDA_VISIBLE_DEVICES", "GPU-a, GPU-b")).read(Device.cuda(1)));
    assertEquals(Optional.empty(), new GpuMemory(smi, Map.of()).read(Device.cuda(0)));
    assertEquals(
        Optional.empty(),
        new GpuMemory(command -> new Output.Missing(), Map.of()).read(Device.cuda(0)));
    assertEquals(
        Optional.empty(),
        new GpuMemory(command -> new Output.Ended(0, "[N/A], [N/A]"), Map.of())
            .read(Device.cuda(0)));
  }
}
