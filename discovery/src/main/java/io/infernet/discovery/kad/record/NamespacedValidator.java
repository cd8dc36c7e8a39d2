package io.infernet.discovery.kad.record;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks the validator of a key's namespace: what is between the slash that the key begins with and
 * the next. Keys without a known namespace are refused with an {@link UnknownNamespaceException}.
 */
public final class NamespacedValidator implements RecordValidator {

  private final Map<String, RecordValidator> validators;

  /**
   * @param validators by namespace, such as {@code pk}
   */
  public NamespacedValidator(Map<String, RecordValidator> validators) {
    this.validators = Map.copyOf(validators);
  }

  @Override
  public void validate(byte[] key, byte[] value) throws ProtocolViolationException {
    String namespace = namespace(key);
    RecordValidator validator = namespace == null ? null : validators.get(namespace);
    if (validator == null) {
      throw new UnknownNamespaceException("a key without a known namespace");
    }
    validator.validate(key, value);
  }

  /**
   * @throws IllegalArgumentException when the key has no known namespace: its values are not valid
   */
  @Override
  public int select(byte[] key, List<byte[]> values) {
    String namespace = namespace(key);
    RecordValidator validator = namespace == null ? null : validators.get(namespace);
    if (validator == null) {
      throw new IllegalArgumentException("a key without a known namespace");
    }
    return validator.select(key, values);
  }

  private static @Nullable String namespace(byte[] key) {
    if (key.length == 0 || key[0] != '/') {
      return null;
    }
    for (int end = 1; end < key.length; end++) {
      if (key[end] == '/') {
        return new String(key, 1, end - 1, StandardCharsets.ISO_8859_1);
      }
    }
    return null;
  }
}
