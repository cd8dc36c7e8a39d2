package io.infernet.node.job;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.model.InstalledModel;
import io.infernet.inference.model.ModelManifest;
import java.util.LinkedHashMap;
import java.util.Map;

/** Codecs of the models used last, so that tokenizers are not read for each text. Thread-safe. */
final class TextCodecs {

  private final TextCodec.Source source;

  /** By use; guarded by itself. */
  private final Map<ModelManifest, TextCodec> loaded;

  /**
   * @param source reads them
   * @param most how many are kept
   */
  TextCodecs(TextCodec.Source source, int most) {
    this.source = requireNonNull(source, "source is null");
    this.loaded =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<ModelManifest, TextCodec> eldest) {
            return size() > most;
          }
        };
  }

  /** The model's codec, kept for the next time. May take a while; keeps nobody else waiting. */
  TextCodec of(InstalledModel model) {
    if (model.manifest().isBackend()) {
      return new BackendCodec();
    }
    synchronized (loaded) {
      TextCodec present = loaded.get(model.manifest());
      if (present != null) {
        return present;
      }
    }
    TextCodec codec = source.load(model);
    synchronized (loaded) {
      TextCodec first = loaded.putIfAbsent(model.manifest(), codec);
      return first != null ? first : codec;
    }
  }
}
