package io.infernet.discovery.kad.record;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.util.List;

/**
 * Says which values are good ones for the keys of its namespace, and which of several is best. Pure
 * but for the time, and safe from any thread.
 *
 * @see <a
 *     href="https://github.com/libp2p/specs/blob/master/kad-dht/README.md#entry-validation">entry
 *     validation</a>
 */
public interface RecordValidator {

  /**
   * Checks a value before it is stored or believed.
   *
   * @throws ProtocolViolationException with the reason when it must not be: malformed, signed by
   *     somebody else, expired, of the future
   */
  void validate(byte[] key, byte[] value) throws ProtocolViolationException;

  /**
   * Which of some valid values is best; the same for every node that sees them.
   *
   * @param values 1 or more
   * @return its index; the first of equally good ones
   */
  int select(byte[] key, List<byte[]> values);
}
