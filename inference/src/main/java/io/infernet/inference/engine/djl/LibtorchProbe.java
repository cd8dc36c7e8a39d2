package io.infernet.inference.engine.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.engine.EngineUnavailableException;
import io.infernet.inference.engine.LibtorchReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finds out what the native library can compute on, by doing it. Loads the library. */
public final class LibtorchProbe {

  /** As many cards as are looked for. */
  private static final int MAX_CARDS = 64;

  private LibtorchProbe() {}

  /**
   * Looks now; takes a second, or many when the library must be unpacked first.
   *
   * @param config which library, and where it is unpacked
   */
  public static LibtorchReport look(EngineConfig config) {
    try {
      String version = Libtorch.start(config);
      boolean cuda = JniUtils.getFeatures().contains("CUDA");
      List<Device> gpus = new ArrayList<>();
      Optional<String> failure = Optional.empty();
      if (cuda) {
        int count = Engine.getEngine("PyTorch").getGpuCount();
        for (int i = 0; i < Math.max(1, Math.min(count, MAX_CARDS)); i++) {
          Optional<String> trouble = trouble(ai.djl.Device.gpu(i));
          if (trouble.isEmpty()) {
            gpus.add(Device.cuda(i));
          } else if (failure.isEmpty()) {
            failure = trouble;
          }
        }
      } else if (System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")) {
        failure = trouble(ai.djl.Device.of("mps", -1));
        if (failure.isEmpty()) {
          gpus.add(Device.MPS);
        }
      }
      return new LibtorchReport(
          version, LibUtils.getLibtorchPath(), Optional.empty(), cuda, gpus, failure);
    } catch (EngineUnavailableException e) {
      return LibtorchReport.failed(e.getMessage());
    }
  }

  /** Why a device cannot be used; empty when it can. */
  private static Optional<String> trouble(ai.djl.Device device) {
    try (NDManager manager = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch");
        NDArray one = manager.ones(new Shape(1), DataType.FLOAT32, device);
        NDArray sum = one.add(one)) {
      float two = sum.toFloatArray()[0];
      return two == 2 ? Optional.empty() : Optional.of("1 + 1 = " + two);
    } catch (RuntimeException | Error e) {
      return Optional.of(Libtorch.reason(e));
    }
  }
}
