package io.infernet.node.batch.file;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A file that is read and written at places; tests put disks in its place that fill or forget. */
interface DiskFile extends Closeable {

  /** Opens files. */
  @FunctionalInterface
  interface Opener {
    DiskFile open(Path path) throws IOException;
  }

  /** Reads into the rest of {@code target}; fewer bytes only at the end of the file. */
  void read(ByteBuffer target, long position) throws IOException;

  /** Writes all that is left in {@code source}. */
  void write(ByteBuffer source, long position) throws IOException;

  long size() throws IOException;

  void truncate(long size) throws IOException;

  /** Returns when the disk has everything. */
  void force() throws IOException;

  /** The bytes from the beginning on; closing the stream leaves the file open. */
  default InputStream stream() {
    return new InputStream() {
      private long position;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(target, offset, length);
        DiskFile.this.read(bytes, position);
        int read = length - bytes.remaining();
        position += read;
        return read == 0 && length > 0 ? -1 : read;
      }
    };
  }

  /** Files of the system, locked against other processes; made when missing. */
  static Opener onDisk() {
    return path -> new OnDisk(open(path));
  }

  private static FileChannel open(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    if (lock(channel) == null) {
      channel.close();
      throw new InUseException();
    }
    return channel;
  }

  private static @Nullable FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /** Somebody else writes the file. */
  final class InUseException extends IOException {
    private static final long serialVersionUID = 1L;

    InUseException() {
      super("it is in use");
    }
  }

  /** A file of the system. */
  record OnDisk(FileChannel channel) implements DiskFile {
    @Override
    public void read(ByteBuffer target, long position) throws IOException {
      long at = position;
      while (target.hasRemaining()) {
        int read = channel.read(target, at);
        if (read < 0) {
          return;
        }
        at += read;
      }
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long at = position;
      while (source.hasRemaining()) {
        at += channel.write(source, at);
      }
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void force() throws IOException {
      channel.force(true);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
