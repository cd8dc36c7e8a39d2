package io.infernet.inference.checkpoint;

/** Models that share an architecture: knows how their configuration is to be read. Stateless. */
interface ModelFamily {

  /** As {@code config.json} names it, such as {@code LlamaForCausalLM}. */
  String architecture();

  /**
   * Reads the configuration.
   *
   * @throws UnsupportedModelException for options that change the arithmetic and are not built
   */
  ModelConfig read(ConfigReader config);
}
