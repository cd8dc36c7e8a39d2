package io.infernet.inference.checkpoint;

import java.util.List;

/** Models that share an architecture: knows how their configuration is to be read. Stateless. */
interface ModelFamily {

  /** As {@code config.json} names them, such as {@code LlamaForCausalLM}. */
  List<String> architectures();

  /**
   * Reads the configuration.
   *
   * @throws UnsupportedModelException for options that change the arithmetic and are not built
   */
  ModelConfig read(ConfigReader config);
}
