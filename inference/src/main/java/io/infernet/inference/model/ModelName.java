package io.infernet.inference.model;

import io.infernet.inference.InfernetException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What people call a model: {@code NAME} or {@code NAME:VARIANT}. An immutable value; {@link
 * #parse} and {@link #toString} round-trip.
 *
 * <p>Models of backends keep the names they have there, such as {@code llama3.2:1b} or {@code
 * Qwen/Qwen2.5-7B-Instruct}: such a name is more than a folder's. {@code :latest}, which some
 * servers put after every name without a tag, means nothing and is dropped.
 *
 * @param name also the name of the model's folder, when it {@link #isFolderName}
 * @param variant empty for the model as it is stored
 */
public record ModelName(String name, Optional<Variant> variant) {

  /** Longest name in characters, so that it fits a folder name everywhere. */
  public static final int MAX_LENGTH = 96;

  private static final String NO_TAG = ":latest";

  /** Parts that each begin with a letter or digit, so that none is a way out of a folder. */
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*(?:[/:@+][A-Za-z0-9][A-Za-z0-9._-]*)*");

  private static final Pattern FOLDER = Pattern.compile("[A-Za-z0-9._-]+");

  public ModelName {
    if (name.length() > MAX_LENGTH
        || !NAME.matcher(name).matches()
        || variantIn(name).isPresent()
        || name.endsWith(NO_TAG)) {
      throw new InfernetException(
          "not a model name: "
              + (name.length() > MAX_LENGTH ? name.substring(0, MAX_LENGTH) + "…" : name)
              + " (at most "
              + MAX_LENGTH
              + " letters, digits, dots, dashes and underscores, in parts divided by / : @ or +)");
    }
  }

  /**
   * Reads {@code NAME} or {@code NAME:VARIANT}.
   *
   * @throws InfernetException when it is neither
   */
  public static ModelName parse(String text) {
    String tagged =
        text.endsWith(NO_TAG) ? text.substring(0, text.length() - NO_TAG.length()) : text;
    Optional<Variant> variant = variantIn(tagged);
    return new ModelName(
        variant.isPresent() ? tagged.substring(0, tagged.lastIndexOf(':')) : tagged, variant);
  }

  private static Optional<Variant> variantIn(String text) {
    int colon = text.lastIndexOf(':');
    return colon < 0 ? Optional.empty() : Variant.parse(text.substring(colon + 1));
  }

  /** Whether a folder can have this name; else only a backend's model can. */
  public boolean isFolderName() {
    return FOLDER.matcher(name).matches();
  }

  @Override
  public String toString() {
    return variant.map(v -> name + ":" + v).orElse(name);
  }
}
