package io.infernet.node.batch.file;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Cuts a stream of bytes into lines that end in LF or CRLF, without copying those that lie within
 * one buffer. Of a line that is too long only the length is kept. Used by one thread; closing it
 * closes the stream.
 */
final class LineReader implements Closeable {

  private static final byte[] BOM = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final InputStream in;
  private final int maxLineBytes;

  private byte[] buffer;
  private int from;
  private int to;
  private boolean ended;

  private byte[] collected = new byte[0];
  private byte[] bytes = collected;
  private int offset;
  private int length;
  private long number;
  private long size;
  private long end;
  private boolean terminated;

  LineReader(InputStream in, int maxLineBytes, int bufferBytes) {
    this.in = in;
    this.maxLineBytes = maxLineBytes;
    this.buffer = new byte[bufferBytes];
  }

  /** Goes to the next line; false at the end. */
  boolean next() throws IOException {
    int kept = 0;
    byte last = 0;
    size = 0;
    terminated = false;
    while (true) {
      if (from == to && !fill()) {
        if (size == 0) {
          return false;
        }
        break;
      }
      int newline = from;
      while (newline < to && buffer[newline] != '\n') {
        newline++;
      }
      int piece = newline - from;
      terminated = newline < to;
      size += piece;
      last = piece > 0 ? buffer[newline - 1] : last;
      if (terminated && size == piece) {
        bytes = buffer;
        offset = from;
        from = newline + 1;
        break;
      }
      // One byte more than allowed may be the CR of a CRLF.
      if (size <= maxLineBytes + 1L) {
        keep(kept, piece);
        kept += piece;
      }
      bytes = collected;
      offset = 0;
      from = terminated ? newline + 1 : newline;
      if (terminated) {
        break;
      }
    }
    number++;
    end += size + (terminated ? 1 : 0);
    if (terminated && last == '\r') {
      size--;
    }
    length = isTooLong() ? 0 : (int) size;
    if (number == 1 && startsWith(BOM)) {
      offset += BOM.length;
      length -= BOM.length;
      size -= BOM.length;
    }
    return true;
  }

  private boolean fill() throws IOException {
    if (ended) {
      return false;
    }
    int read = in.readNBytes(buffer, 0, buffer.length);
    from = 0;
    to = read;
    ended = read < buffer.length;
    return read > 0;
  }

  private void keep(int kept, int piece) {
    if (collected.length < kept + piece) {
      collected = Arrays.copyOf(collected, Math.max(kept + piece, 2 * kept));
    }
    System.arraycopy(buffer, from, collected, kept, piece);
  }

  private boolean startsWith(byte[] prefix) {
    return length >= prefix.length
        && Arrays.equals(bytes, offset, offset + prefix.length, prefix, 0, prefix.length);
  }

  /** Which line, counted from 1. */
  long number() {
    return number;
  }

  /** The array that the line lies in until the next call of {@link #next}. */
  byte[] bytes() {
    return bytes;
  }

  /** Where in {@link #bytes} it begins. */
  int offset() {
    return offset;
  }

  /** How many bytes it has, without what ends it and without a byte order mark. */
  long size() {
    return size;
  }

  boolean isTooLong() {
    return size > maxLineBytes;
  }

  /** Whether there is nothing but white space. */
  boolean isBlank() {
    if (isTooLong()) {
      return false;
    }
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  /** Whether a line feed ends it; false only for the last line of a file. */
  boolean isTerminated() {
    return terminated;
  }

  /** How many bytes of the stream there are up to the end of this line and what ends it. */
  long end() {
    return end;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
