package io.infernet.inference.checkpoint;

/** Encoders that share an architecture: knows how their configuration is to be read. Stateless. */
interface EncoderFamily {

  /** The first part of the architectures' names, such as {@code Bert} of {@code BertModel}. */
  String architecture();

  /**
   * Reads the configuration.
   *
   * @param classifier whether the model has a classification head
   * @throws UnsupportedModelException for options that change the arithmetic and are not built
   */
  EncoderConfig.Body read(ConfigReader config, boolean classifier);
}
