package io.infernet.inference.torchscript;

import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The directory of a zip file, read strictly: its end is the file's end, entries lie one behind the
 * other without overlaps, each name occurs once, and nothing is believed that does not fit the
 * file. The JDK's {@code ZipFile} reads the whole directory into memory before anything can be
 * checked. Stateless.
 *
 * <p>Format: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
 * 4.3.14 to 4.3.16 (end records), 4.5.3 (zip64).
 */
final class ZipDirectory {

  private static final int LOCAL_HEADER = 0x04034b50;
  private static final int CENTRAL_HEADER = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int ZIP64_END = 0x06064b50;
  private static final int ZIP64_LOCATOR = 0x07064b50;
  private static final int LOCAL_LENGTH = 30;
  private static final int CENTRAL_LENGTH = 46;
  private static final int END_LENGTH = 22;
  private static final int LOCATOR_LENGTH = 20;
  private static final int ZIP64_END_LENGTH = 56;
  private static final int MAX_NAME = 512;

  /** Names, extra fields and all, of one entry. */
  private static final int MAX_HEADER = CENTRAL_LENGTH + MAX_NAME + 1024;

  private static final int STORED = 0;
  private static final int DEFLATED = 8;

  /** Names in UTF-8 (11), and sizes behind the data as well (3), which are not needed. */
  private static final int HARMLESS_FLAGS = 1 << 11 | 1 << 3 | 6;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*");

  /**
   * An entry.
   *
   * @param name with folders
   * @param position of its first byte in the file
   * @param packed bytes in the file
   * @param size bytes that it says it has
   * @param crc checksum of its content
   * @param deflated whether it is compressed
   */
  record Entry(String name, long position, long packed, long size, int crc, boolean deflated) {}

  private final FileChannel file;
  private final long fileSize;
  private final ArchiveLimits limits;

  private ZipDirectory(FileChannel file, long fileSize, ArchiveLimits limits) {
    this.file = file;
    this.fileSize = fileSize;
    this.limits = limits;
  }

  /**
   * Reads the directory.
   *
   * @throws DamagedModelException when the file is no zip file or does not hold together
   * @throws UnsupportedModelException when an entry is packed or named as TorchScript never does
   */
  static List<Entry> read(FileChannel file, ArchiveLimits limits) throws IOException {
    return new ZipDirectory(file, file.size(), limits).read();
  }

  private List<Entry> read() throws IOException {
    ByteBuffer end = bytes(fileSize - END_LENGTH, END_LENGTH);
    if (end.getInt(0) != END || end.getShort(20) != 0) {
      throw new DamagedModelException("it is not a zip file, or has something behind its end");
    }
    long count = end.getShort(10) & 0xffff;
    long length = end.getInt(12) & 0xffffffffL;
    long start = end.getInt(16) & 0xffffffffL;
    long directoryEnd = fileSize - END_LENGTH;
    if (fileSize >= END_LENGTH + LOCATOR_LENGTH + ZIP64_END_LENGTH) {
      ByteBuffer locator = bytes(fileSize - END_LENGTH - LOCATOR_LENGTH, LOCATOR_LENGTH);
      if (locator.getInt(0) == ZIP64_LOCATOR) {
        directoryEnd = locator.getLong(8);
        ByteBuffer wide = bytes(directoryEnd, ZIP64_END_LENGTH);
        if (wide.getInt(0) != ZIP64_END) {
          throw new DamagedModelException("its end record is not where it should be");
        }
        count = wide.getLong(32);
        length = wide.getLong(40);
        start = wide.getLong(48);
      }
    }
    if (count < 1 || count > limits.maxEntries()) {
      throw new DamagedModelException(
          "it has %s files; at most %d are read"
              .formatted(Long.toUnsignedString(count), limits.maxEntries()));
    }
    if (start < 0 || length < 0 || length > count * MAX_HEADER || start + length != directoryEnd) {
      throw new DamagedModelException("its directory is not where it should be");
    }
    return entries(bytes(start, (int) length), (int) count, start);
  }

  private List<Entry> entries(ByteBuffer directory, int count, long dataEnd) throws IOException {
    List<Entry> entries = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < count; i++) {
      Entry entry = entry(directory);
      if (!names.add(entry.name)) {
        throw new DamagedModelException("it has " + entry.name + " twice");
      }
      entries.add(entry);
    }
    if (directory.hasRemaining()) {
      throw new DamagedModelException("its directory has more than it says");
    }
    entries.sort(Comparator.comparingLong(Entry::position));
    long free = 0;
    for (Entry entry : entries) {
      if (entry.position < free || entry.packed > dataEnd - entry.position) {
        throw new DamagedModelException("the data of " + entry.name + " is not its own");
      }
      free = entry.position + entry.packed;
    }
    return List.copyOf(entries);
  }

  private Entry entry(ByteBuffer directory) throws IOException {
    if (directory.remaining() < CENTRAL_LENGTH) {
      throw new DamagedModelException("its directory ends in the middle");
    }
    ByteBuffer header = directory.slice().order(ByteOrder.LITTLE_ENDIAN);
    int nameLength = header.getShort(28) & 0xffff;
    int extraLength = header.getShort(30) & 0xffff;
    int commentLength = header.getShort(32) & 0xffff;
    int total = CENTRAL_LENGTH + nameLength + extraLength + commentLength;
    if (header.getInt(0) != CENTRAL_HEADER || total > header.remaining()) {
      throw new DamagedModelException("its directory ends in the middle");
    }
    byte[] nameBytes = new byte[nameLength];
    header.get(CENTRAL_LENGTH, nameBytes);
    String name = new String(nameBytes, StandardCharsets.ISO_8859_1);
    if (nameLength > MAX_NAME || !NAME.matcher(name).matches() || hasDots(name)) {
      throw new UnsupportedModelException(
          "a file in it has a name that TorchScript does not write: "
              + name.substring(0, Math.min(80, name.length())).replaceAll("[^ -~]", "?"));
    }
    int method = header.getShort(10) & 0xffff;
    int flags = header.getShort(8) & 0xffff;
    if ((method != STORED && method != DEFLATED) || (flags & ~HARMLESS_FLAGS) != 0) {
      throw new UnsupportedModelException(name + " is packed or encrypted in an unknown way");
    }
    long[] wide = {
      header.getInt(24) & 0xffffffffL,
      header.getInt(20) & 0xffffffffL,
      header.getInt(42) & 0xffffffffL
    };
    widen(wide, header.slice(CENTRAL_LENGTH + nameLength, extraLength), name);
    long size = wide[0];
    long packed = wide[1];
    if (size < 0 || packed < 0 || (method == STORED && size != packed)) {
      throw new DamagedModelException(name + " has sizes that cannot be");
    }
    directory.position(directory.position() + total);
    return new Entry(
        name, dataPosition(wide[2], name), packed, size, header.getInt(16), method == DEFLATED);
  }

  private static boolean hasDots(String name) {
    for (String part : name.split("/", -1)) {
      if (part.equals(".") || part.equals("..")) {
        return true;
      }
    }
    return false;
  }

  /** Replaces what does not fit 32 bits by its values in the zip64 field. */
  private static void widen(long[] values, ByteBuffer extra, String name) {
    extra.order(ByteOrder.LITTLE_ENDIAN);
    while (extra.remaining() >= 4) {
      int id = extra.getShort();
      int length = extra.getShort() & 0xffff;
      if (length > extra.remaining()) {
        break;
      }
      ByteBuffer field = extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      extra.position(extra.position() + length);
      if (id == 1) {
        for (int i = 0; i < values.length; i++) {
          if (values[i] == 0xffffffffL) {
            if (field.remaining() < 8) {
              throw new DamagedModelException(name + " has no proper sizes");
            }
            values[i] = field.getLong();
          }
        }
      }
    }
  }

  /** Where an entry's data begins: behind its local header. */
  private long dataPosition(long header, String name) throws IOException {
    ByteBuffer local = bytes(header, LOCAL_LENGTH);
    if (local.getInt(0) != LOCAL_HEADER) {
      throw new DamagedModelException(name + " is not where the directory says");
    }
    return header + LOCAL_LENGTH + (local.getShort(26) & 0xffff) + (local.getShort(28) & 0xffff);
  }

  private ByteBuffer bytes(long position, int length) throws IOException {
    if (position < 0 || position > fileSize - length) {
      throw new DamagedModelException("it ends in the middle");
    }
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, position + buffer.position()) < 0) {
        throw new DamagedModelException("it ends in the middle");
      }
    }
    return buffer.flip();
  }
}
