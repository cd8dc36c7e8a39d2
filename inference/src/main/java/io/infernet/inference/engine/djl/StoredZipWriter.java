package io.infernet.inference.engine.djl;

import io.infernet.inference.checkpoint.ByteSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes a zip file of uncompressed entries whose data begins at multiples of {@value #ALIGNMENT}
 * bytes, as libtorch writes its own. Sizes need not be known in advance: the header is completed
 * after the data. The JDK's {@code ZipOutputStream} can neither align nor store without knowing the
 * checksum first. Confined to one thread.
 *
 * <p>Format: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
 * 4.3.14 to 4.3.16 (end records), 4.5.3 (zip64).
 */
final class StoredZipWriter implements AutoCloseable {

  /** As libtorch aligns tensors ({@code kFieldAlignment} in its {@code inline_container.h}). */
  static final int ALIGNMENT = 64;

  private static final int LOCAL_HEADER = 0x04034b50;
  private static final int CENTRAL_HEADER = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int ZIP64_END = 0x06064b50;
  private static final int ZIP64_LOCATOR = 0x07064b50;
  private static final short ZIP64_EXTRA = 1;

  /** The id that libtorch gives to its padding, the letters FB. */
  private static final short PADDING_EXTRA = 0x4246;

  private static final short VERSION = 45;
  private static final short UTF8_NAMES = 1 << 11;

  /** 1 January 1980, the first day of zip: the same content makes the same file. */
  private static final short DATE = 33;

  private static final int LOCAL_HEADER_LENGTH = 30;
  private static final int ZIP64_EXTRA_LENGTH = 20;
  private static final int BUFFER = 1 << 20;

  private record Entry(byte[] name, long offset, long size, int crc) {}

  /** Writes one entry's data. */
  @FunctionalInterface
  interface Content {
    void writeTo(ByteSink sink) throws IOException;
  }

  private final FileChannel channel;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * @param channel an empty file, closed together with this writer
   */
  StoredZipWriter(FileChannel channel) {
    this.channel = channel;
  }

  /** Adds an entry whose content is at hand. */
  void add(String name, byte[] content) throws IOException {
    add(name, sink -> sink.write(ByteBuffer.wrap(content)));
  }

  /** Adds an entry and returns its size in bytes. */
  long add(String name, Content content) throws IOException {
    byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
    long offset = channel.position();
    // Every local header has room for 64-bit sizes, so that it can be completed afterwards.
    int fixed = LOCAL_HEADER_LENGTH + nameBytes.length + ZIP64_EXTRA_LENGTH + 4;
    int padding = (int) Math.floorMod(-(offset + fixed), (long) ALIGNMENT);
    channel.position(offset + fixed + padding);
    CRC32 crc = new CRC32();
    long[] size = {0};
    content.writeTo(
        piece -> {
          size[0] += piece.remaining();
          // In steps, so that data is still in the processor's cache when it is written.
          while (piece.hasRemaining()) {
            ByteBuffer part = piece.slice(piece.position(), Math.min(BUFFER, piece.remaining()));
            piece.position(piece.position() + part.remaining());
            crc.update(part.duplicate());
            writeFully(part);
          }
        });
    long end = channel.position();
    Entry entry = new Entry(nameBytes, offset, size[0], (int) crc.getValue());
    channel.position(offset);
    writeFully(localHeader(entry, padding));
    channel.position(end);
    entries.add(entry);
    return size[0];
  }

  private static ByteBuffer localHeader(Entry entry, int padding) {
    ByteBuffer header =
        buffer(LOCAL_HEADER_LENGTH + entry.name.length + ZIP64_EXTRA_LENGTH + 4 + padding);
    header.putInt(LOCAL_HEADER).putShort(VERSION);
    common(header, entry);
    header.putShort((short) (ZIP64_EXTRA_LENGTH + 4 + padding)).put(entry.name);
    header.putShort(ZIP64_EXTRA).putShort((short) 16).putLong(entry.size).putLong(entry.size);
    header.putShort(PADDING_EXTRA).putShort((short) padding);
    return header.rewind();
  }

  /** The fields that local and central headers share, up to the length of the name. */
  private static void common(ByteBuffer header, Entry entry) {
    header.putShort(UTF8_NAMES).putShort((short) 0).putShort((short) 0).putShort(DATE);
    header.putInt(entry.crc).putInt(-1).putInt(-1).putShort((short) entry.name.length);
  }

  /** Writes the directory, makes everything durable and closes the file. */
  void finish() throws IOException {
    long start = channel.position();
    for (Entry entry : entries) {
      ByteBuffer header = buffer(46 + entry.name.length + 28);
      header.putInt(CENTRAL_HEADER).putShort(VERSION).putShort(VERSION);
      common(header, entry);
      header.putShort((short) 28).putShort((short) 0).putShort((short) 0).putShort((short) 0);
      header.putInt(0).putInt(-1).put(entry.name);
      header.putShort(ZIP64_EXTRA).putShort((short) 24);
      header.putLong(entry.size).putLong(entry.size).putLong(entry.offset);
      writeFully(header.rewind());
    }
    long end = channel.position();
    ByteBuffer last = buffer(56 + 20 + 22);
    last.putInt(ZIP64_END).putLong(44).putShort(VERSION).putShort(VERSION).putInt(0).putInt(0);
    last.putLong(entries.size()).putLong(entries.size()).putLong(end - start).putLong(start);
    last.putInt(ZIP64_LOCATOR).putInt(0).putLong(end).putInt(1);
    last.putInt(END).putShort((short) 0).putShort((short) 0).putShort((short) -1);
    last.putShort((short) -1).putInt(-1).putInt(-1).putShort((short) 0);
    writeFully(last.rewind());
    channel.force(true);
    close();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void writeFully(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
