package io.infernet.inference.model;

import io.infernet.inference.InfernetException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What people call a model: {@code NAME} or {@code NAME:VARIANT}. An immutable value; {@link
 * #parse} and {@link #toString} round-trip.
 *
 * @param name also the name of the model's folder
 * @param variant empty for the model as it is stored
 */
public record ModelName(String name, Optional<Variant> variant) {

  /** Longest name in characters, so that it fits a folder name everywhere. */
  public static final int MAX_LENGTH = 96;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  public ModelName {
    if (name.length() > MAX_LENGTH || !NAME.matcher(name).matches()) {
      throw new InfernetException(
          "not a model name: "
              + (name.length() > MAX_LENGTH ? name.substring(0, MAX_LENGTH) + "…" : name)
              + " (at most "
              + MAX_LENGTH
              + " letters, digits, dots, dashes and underscores)");
    }
  }

  /**
   * Reads {@code NAME} or {@code NAME:VARIANT}.
   *
   * @throws InfernetException when it is neither
   */
  public static ModelName parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return new ModelName(text, Optional.empty());
    }
    String variant = text.substring(colon + 1);
    return new ModelName(
        text.substring(0, colon),
        Optional.of(
            Variant.parse(variant)
                .orElseThrow(
                    () ->
                        new InfernetException(
                            "unknown variant "
                                + (variant.length() > 16 ? variant.substring(0, 16) + "…" : variant)
                                + " of "
                                + text.substring(0, Math.min(colon, MAX_LENGTH))
                                + " (one of fp32, bf16, fp16, int8, int4, or none for the model as"
                                + " stored)"))));
  }

  @Override
  public String toString() {
    return variant.map(v -> name + ":" + v).orElse(name);
  }
}
