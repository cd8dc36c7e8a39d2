package io.infernet.inference.engine.djl;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.InfernetException;
import io.infernet.inference.checkpoint.CheckpointLimits;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.ModelConfig;
import io.infernet.inference.checkpoint.ModelDescription;
import io.infernet.inference.engine.Device;
import io.infernet.inference.engine.EngineConfig;
import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.pool.ModelLoader;
import io.infernet.inference.pool.ModelNeed;
import io.infernet.inference.pool.Resident;
import java.util.List;
import java.util.function.Supplier;

/** Brings models of all kinds into libtorch. Used by one thread at a time. */
final class DjlModelLoader implements ModelLoader {

  private final CheckpointLimits limits;
  private final Supplier<Device> device;
  private final DjlDecoderLoader decoders;
  private final DjlEncoderLoader encoders;

  /**
   * @param device where models compute
   */
  DjlModelLoader(EngineConfig config, CheckpointLimits limits, Supplier<Device> device) {
    this.limits = requireNonNull(limits, "limits is null");
    this.device = requireNonNull(device, "device is null");
    decoders = new DjlDecoderLoader(config, limits);
    encoders = new DjlEncoderLoader(config, limits);
  }

  @Override
  public ModelNeed need(InstalledModel model, long capacity) {
    ModelDescription description = ModelDescription.read(model.folder(), limits);
    if (description instanceof ModelConfig decoder) {
      return decoders.need(model, decoder, device.get(), capacity);
    }
    return new ModelNeed(
        model.name(), encoders.weightBytes(model, description), 0, 0, 0, List.of());
  }

  @Override
  public Resident load(InstalledModel model, ModelNeed need) {
    try {
      return ModelDescription.read(model.folder(), limits) instanceof ModelConfig
          ? new Resident.Writer(decoders.load(model, device.get(), need.cacheTokens()))
          : new Resident.Reader(encoders.load(model));
    } catch (DamagedModelException e) {
      throw new DamagedModelException(
          "model %s is damaged: %s; put its original files into %s"
              .formatted(model.name(), e.getMessage(), model.folder()),
          e);
    } catch (OutOfMemoryError e) {
      throw new InfernetException(
          "not enough memory in the JVM for %s: give it more with INFERNET_JAVA_OPTS=-Xmx4g"
              .formatted(model.name()),
          e);
    }
  }
}
