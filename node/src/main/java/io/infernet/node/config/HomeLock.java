package io.infernet.node.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second node out of a home folder. The operating system drops the lock when the process
 * ends in whatever way, so nothing stale remains.
 */
public final class HomeLock implements AutoCloseable {

  private final FileChannel channel;

  private HomeLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock; the folder must exist.
   *
   * @throws ConfigException when another node, in this process or another, has it
   */
  public static HomeLock acquire(NodeHome home) {
    try {
      FileChannel channel =
          FileChannel.open(
              home.lockFile(),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        channel.close();
        throw new ConfigException(
            "home "
                + home
                + " is in use by another node"
                + holder(home)
                + ": stop it or use another "
                + NodeHome.VARIABLE);
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
      return new HomeLock(channel);
    } catch (IOException e) {
      throw new ConfigException("cannot lock " + home.lockFile() + ": " + e.getMessage());
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static String holder(NodeHome home) {
    try {
      String pid = Files.readString(home.lockFile()).strip();
      return pid.matches("\\d{1,19}") ? " (pid " + pid + ")" : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** Lets the next node in. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
