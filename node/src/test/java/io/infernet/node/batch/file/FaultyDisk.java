package io.infernet.node.batch.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Files of the system on a disk that has room for so many bytes more. */
final class FaultyDisk implements DiskFile.Opener {

  private final DiskFile.Opener disk = DiskFile.onDisk();
  private long room;

  FaultyDisk(long room) {
    this.room = room;
  }

  @Override
  public DiskFile open(Path path) throws IOException {
    DiskFile file = disk.open(path);
    return new DiskFile() {
      @Override
      public void read(ByteBuffer target, long position) throws IOException {
        file.read(target, position);
      }

      @Override
      public void write(ByteBuffer source, long position) throws IOException {
        int fits = (int) Math.min(room, source.remaining());
        room -= fits;
        boolean full = fits < source.remaining();
        file.write(source.limit(full ? source.position() + fits : source.limit()), position);
        if (full) {
          throw new IOException("No space left on device");
        }
      }

      @Override
      public long size() throws IOException {
        return file.size();
      }

      @Override
      public void truncate(long size) throws IOException {
        file.truncate(size);
      }

      @Override
      public void force() throws IOException {
        file.force();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }
}
