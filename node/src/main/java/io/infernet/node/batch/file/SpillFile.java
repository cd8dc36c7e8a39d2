package io.infernet.node.batch.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keeps results that came before their turn, on the disk; in memory only where each one is, 8 bytes
 * for each item between the first and the last of them. A record is
 *
 * <pre>
 * item (4) | length (4), negative for an error | CRC-32C of these 8 bytes and the body (4) | body
 * </pre>
 *
 * all big-endian. What a killed process or a power cut left unfinished at the end is cut off when
 * the file is opened again. Used by one thread.
 */
final class SpillFile implements Closeable {

  private static final int HEADER = 12;

  /** Items whose places are kept in one array. */
  private static final int PAGE = 4_096;

  private final DiskFile file;
  private final int maxBodyBytes;
  private final ByteBuffer out;

  /** What was read last, beginning at {@link #aheadFrom} of the file. */
  private final ByteBuffer ahead;

  private long aheadFrom;

  /**
   * By item divided by {@link #PAGE}: where in the file the records begin, plus one; 0 for none.
   */
  private final TreeMap<Integer, long[]> pages = new TreeMap<>();

  private int count;
  private long size;
  private boolean unsynced;

  private SpillFile(DiskFile file, BatchFileConfig config) {
    this.file = file;
    this.maxBodyBytes = config.maxResultBytes();
    this.out = ByteBuffer.allocate(config.bufferBytes());
    this.ahead = ByteBuffer.allocate(config.bufferBytes()).limit(0);
  }

  /**
   * Opens a file with what is whole in it.
   *
   * @param from items below it are no longer wanted
   * @param to there are no items from here on
   */
  static SpillFile open(DiskFile file, BatchFileConfig config, int from, int to)
      throws IOException {
    SpillFile spill = new SpillFile(file, config);
    spill.recover(from, to);
    return spill;
  }

  private void recover(int from, int to) throws IOException {
    long end = file.size();
    while (size + HEADER <= end) {
      ByteBuffer header = readAhead(size, HEADER);
      int item = header.getInt();
      int length = header.getInt() & Integer.MAX_VALUE;
      if (item < 0 || item >= to || length > maxBodyBytes || size + HEADER + length > end) {
        break;
      }
      if (body(size) == null) {
        break;
      }
      if (item >= from) {
        place(item, size);
      }
      size += HEADER + length;
    }
    if (size < end) {
      file.truncate(size);
      ahead.limit(0);
    }
    unsynced = true;
  }

  /** Whether the item is there. */
  boolean has(int item) {
    return placeOf(item) != 0;
  }

  /** How many items are there. */
  int count() {
    return count;
  }

  /** How large the file is. */
  long bytes() {
    return size;
  }

  /** Adds a result; nothing is certain before {@link #flush}. */
  void add(int item, OutputBody body) throws IOException {
    byte[] bytes = body.bytes();
    if (out.remaining() < HEADER + bytes.length) {
      flush();
    }
    boolean fits = HEADER + bytes.length <= out.capacity();
    ByteBuffer target = fits ? out : ByteBuffer.allocate(HEADER + bytes.length);
    long start = size + (fits ? out.position() : 0);
    int length = bytes.length | (body.isError() ? Integer.MIN_VALUE : 0);
    target.putInt(item).putInt(length).putInt(crc(item, length, bytes)).put(bytes);
    place(item, start);
    if (!fits) {
      write(target);
    }
  }

  /** Hands everything to the system, which keeps it when this process is killed. */
  void flush() throws IOException {
    if (out.position() > 0) {
      write(out);
      out.clear();
    }
  }

  private void write(ByteBuffer records) throws IOException {
    records.flip();
    int length = records.remaining();
    file.write(records, size);
    size += length;
    unsynced = true;
  }

  /** Returns when the disk has everything. */
  void sync() throws IOException {
    flush();
    if (unsynced) {
      file.force();
      unsynced = false;
    }
  }

  /**
   * Takes a result out, the items in ascending order; it stays in the file until {@link #reset}.
   *
   * @throws BatchFileException when the disk does not give back what was written
   */
  OutputBody take(int item) throws IOException {
    flush();
    long start = placeOf(item) - 1;
    OutputBody body = start < 0 ? null : body(start);
    if (body == null) {
      throw new BatchFileException(
          "the result of item %d was kept on the disk and cannot be read again: check the disk"
              .formatted(item));
    }
    long[] page = pages.get(item / PAGE);
    if (page != null) {
      page[item % PAGE] = 0;
    }
    // Results leave in the order of their items.
    pages.headMap(item / PAGE).clear();
    count--;
    return body;
  }

  /** Makes an empty file of it. There must be nothing in it that is still wanted. */
  void reset() throws IOException {
    if (count != 0) {
      throw new IllegalStateException(count + " results are still wanted");
    }
    out.clear();
    pages.clear();
    ahead.limit(0);
    file.truncate(0);
    size = 0;
    unsynced = true;
  }

  private void place(int item, long start) {
    long[] page = pages.computeIfAbsent(item / PAGE, p -> new long[PAGE]);
    if (page[item % PAGE] == 0) {
      count++;
    }
    page[item % PAGE] = start + 1;
  }

  private long placeOf(int item) {
    long[] page = pages.get(item / PAGE);
    return page == null ? 0 : page[item % PAGE];
  }

  /** The body of the record at {@code start}, unless it is damaged. */
  private @Nullable OutputBody body(long start) throws IOException {
    ByteBuffer header = readAhead(start, HEADER);
    if (header.remaining() < HEADER) {
      return null;
    }
    int item = header.getInt();
    int length = header.getInt();
    int crc = header.getInt();
    byte[] bytes = new byte[Math.min(length & Integer.MAX_VALUE, maxBodyBytes)];
    ByteBuffer body = readAhead(start + HEADER, bytes.length);
    if (body.remaining() < bytes.length) {
      return null;
    }
    body.get(bytes);
    return crc(item, length, bytes) == crc ? OutputBody.stored(length < 0, bytes) : null;
  }

  /** So many bytes of the file, fewer at its end. Neighbours come with them. */
  private ByteBuffer readAhead(long start, int length) throws IOException {
    if (length > ahead.capacity()) {
      ByteBuffer large = ByteBuffer.allocate(length);
      file.read(large, start);
      return large.flip();
    }
    if (start < aheadFrom || start + length > aheadFrom + ahead.limit()) {
      ahead.clear();
      file.read(ahead, start);
      ahead.flip();
      aheadFrom = start;
    }
    int offset = (int) (start - aheadFrom);
    return ahead.slice(offset, Math.min(length, ahead.limit() - offset));
  }

  private static int crc(int item, int length, byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(8).putInt(item).putInt(length).flip());
    crc.update(body);
    return (int) crc.getValue();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
