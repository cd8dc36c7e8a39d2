package io.infernet.node.hardware;

import io.infernet.discovery.directory.Gpu;
import io.infernet.inference.engine.LibtorchReport;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Follows the chain from the card to the library and names the first link that does not hold: card,
 * driver, what the process may see, the library's build, the card's memory. Pure functions.
 */
public final class GpuDiagnosis {

  /** The library's version and build for CUDA that the native code in this program goes with. */
  static final String CUDA_LIBRARY = "libtorch 2.7.1 for CUDA 12.8";

  /** Oldest driver for programs of CUDA 12.x: CUDA 12.8 release notes, table 2. */
  private static final int LEAST_DRIVER_MAJOR = 525;

  private static final Pattern DRIVER = Pattern.compile("(\\d{1,5})(?:\\.\\d+)*");

  private static final String GET_CUDA =
      "unpack "
          + CUDA_LIBRARY
          + " from pytorch.org (or `pip install torch==2.7.1`) and set engine.libtorch to the folder"
          + " with libtorch_cuda, such as /opt/libtorch/lib";

  private GpuDiagnosis() {}

  /**
   * What there is to say.
   *
   * @param hardware what the vendors' tools and the kernel list
   * @param libtorch what the native library says
   */
  public static GpuState of(Hardware hardware, LibtorchReport libtorch, Surroundings around) {
    if (!libtorch.gpus().isEmpty()) {
      return new GpuState.Usable(libtorch.gpus());
    }
    List<Gpu> nvidia = of(Gpu.Vendor.NVIDIA, hardware);
    if (!nvidia.isEmpty()) {
      return nvidia(nvidia.get(0), libtorch, around);
    }
    if (around.isMac() && !of(Gpu.Vendor.APPLE, hardware).isEmpty()) {
      return unloaded(libtorch)
          .orElseGet(
              () ->
                  new GpuState.Unusable(
                      "Metal fails: " + libtorch.gpuFailure().orElse("the library has no Metal"),
                      "update macOS, or set engine.device = \"cpu\""));
    }
    Optional<String> problem = hardware.problems().stream().reduce((a, b) -> a + "; " + b);
    if (problem.isPresent()) {
      return around.container()
          ? new GpuState.Unusable(
              "a GPU of this machine is not visible in the container (" + problem.get() + ")",
              "start the container with `--gpus all` and NVIDIA's container toolkit")
          : new GpuState.Unusable(problem.get(), "then start again");
    }
    if (!of(Gpu.Vendor.AMD, hardware).isEmpty()) {
      return new GpuState.Unusable(
          of(Gpu.Vendor.AMD, hardware).get(0).model()
              + " is AMD's, and the native library here has no ROCm",
          "serve it with an OpenAI-compatible server as a backend, or set engine.device = \"cpu\"");
    }
    return around.container()
        ? new GpuState.Absent(
            "no GPU is visible in this container",
            "start the container with `--gpus all` and NVIDIA's container toolkit, if the machine"
                + " has one")
        : new GpuState.Absent(
            "no GPU is plugged in that this program computes on",
            "plug in one of NVIDIA's, or leave it to the processor");
  }

  private static GpuState nvidia(Gpu card, LibtorchReport libtorch, Surroundings around) {
    String hidden = around.variable("CUDA_VISIBLE_DEVICES").map(String::strip).orElse("0");
    if (hidden.isEmpty() || hidden.startsWith("-")) {
      return new GpuState.Unusable(
          "CUDA_VISIBLE_DEVICES = \"" + hidden + "\" hides the " + card.model(),
          "unset it, or name the card's number");
    }
    Optional<GpuState> unloaded = unloaded(libtorch);
    if (unloaded.isPresent()) {
      return unloaded.get();
    }
    Matcher driver = DRIVER.matcher(card.driver());
    if (driver.matches() && Integer.parseInt(driver.group(1)) < LEAST_DRIVER_MAJOR) {
      return new GpuState.Unusable(
          "NVIDIA's driver %s is too old for CUDA 12".formatted(card.driver()),
          "install driver %d or newer".formatted(LEAST_DRIVER_MAJOR));
    }
    if (!libtorch.cudaBuild()) {
      return new GpuState.Unusable(
          "libtorch %s in %s computes on the processor only, and the %s is not used"
              .formatted(libtorch.version(), libtorch.folder(), card.model()),
          GET_CUDA);
    }
    String said = libtorch.gpuFailure().orElse("it does not say why");
    String lower = said.toLowerCase(Locale.ROOT);
    if (lower.contains("out of memory")) {
      return new GpuState.Unusable(
          "the %s has no memory left".formatted(card.model()),
          "end what else uses it (`nvidia-smi` lists it), or choose another card with engine.device"
              + " = \"cuda:N\"");
    }
    if (lower.contains("insufficient") || lower.contains("driver version")) {
      return new GpuState.Unusable(
          "NVIDIA's driver %s is too old for this libtorch (%s)".formatted(card.driver(), said),
          "install a newer driver");
    }
    if (lower.contains("no kernel image")) {
      return new GpuState.Unusable(
          "the %s is of a generation that %s has no code for".formatted(card.model(), CUDA_LIBRARY),
          "set engine.device = \"cpu\"");
    }
    if (lower.contains("no cuda-capable device") || lower.contains("no cuda gpus")) {
      return new GpuState.Unusable(
          "nvidia-smi lists the %s, but CUDA does not see it".formatted(card.model()),
          around.container()
              ? "start the container with `--gpus all` and NVIDIA_DRIVER_CAPABILITIES=compute,utility"
              : "load the kernel module nvidia_uvm (`nvidia-modprobe -u`), and look at /dev/nvidia*");
    }
    return new GpuState.Unusable(
        "CUDA fails on the %s: %s".formatted(card.model(), said),
        "see whether `nvidia-smi` works, and restart the machine if it hangs");
  }

  private static Optional<GpuState> unloaded(LibtorchReport libtorch) {
    return libtorch.failure().map(why -> new GpuState.Unusable(why, "then start again"));
  }

  private static List<Gpu> of(Gpu.Vendor vendor, Hardware hardware) {
    return hardware.fingerprint().gpus().stream().filter(gpu -> gpu.vendor() == vendor).toList();
  }
}
