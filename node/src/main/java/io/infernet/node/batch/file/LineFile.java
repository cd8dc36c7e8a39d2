package io.infernet.node.batch.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Appends whole lines to a file, many at once. Used by one thread. */
final class LineFile implements Closeable {

  private final DiskFile file;
  private final ByteBuffer buffer;
  private long written;
  private long synced;

  /**
   * @param size where the file ends; what lies beyond is cut off
   */
  LineFile(DiskFile file, long size, int bufferBytes) throws IOException {
    this.file = file;
    this.buffer = ByteBuffer.allocate(bufferBytes);
    this.written = size;
    this.synced = 0;
    if (file.size() != size) {
      file.truncate(size);
    }
  }

  /** Adds a line in pieces, which hold no line feed. */
  void append(byte[]... pieces) throws IOException {
    int length = 1;
    for (byte[] piece : pieces) {
      length += piece.length;
    }
    if (length > buffer.remaining()) {
      flush();
    }
    boolean fits = length <= buffer.capacity();
    ByteBuffer line = fits ? buffer : ByteBuffer.allocate(length);
    for (byte[] piece : pieces) {
      line.put(piece);
    }
    line.put((byte) '\n');
    if (!fits) {
      write(line);
    }
  }

  /** Hands everything to the system, which keeps it when this process is killed. */
  void flush() throws IOException {
    if (buffer.position() > 0) {
      write(buffer);
      buffer.clear();
    }
  }

  private void write(ByteBuffer lines) throws IOException {
    lines.flip();
    int length = lines.remaining();
    file.write(lines, written);
    written += length;
  }

  /** How many bytes the disk may not have yet. */
  long unsynced() {
    return written + buffer.position() - synced;
  }

  /** Returns when the disk has everything, so that it survives a power cut. */
  void sync() throws IOException {
    flush();
    if (synced != written) {
      file.force();
      synced = written;
    }
  }

  /** Cuts off what a failed write has left behind the last whole line. */
  void dropTail() throws IOException {
    if (file.size() > written) {
      file.truncate(written);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
