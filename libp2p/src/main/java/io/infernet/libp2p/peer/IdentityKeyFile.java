package io.infernet.libp2p.peer;

import io.infernet.libp2p.host.ProtocolViolationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The file that holds a node's own key: one line, the base64 of the libp2p private key protobuf.
 * Never overwritten; on POSIX file systems only its owner may read it. Safe from several processes
 * at once.
 */
public final class IdentityKeyFile {

  /** Largest file that is read; the longest key takes about 6700 characters. */
  public static final int MAX_LENGTH = 8192;

  private static final Set<PosixFilePermission> OWNER_ONLY =
      Set.copyOf(PosixFilePermissions.fromString("rw-------"));

  private final Path path;
  private final Consumer<String> warnings;

  /**
   * @param warnings told in one line when others can read the file
   */
  public IdentityKeyFile(Path path, Consumer<String> warnings) {
    this.path = Objects.requireNonNull(path, "path is null");
    this.warnings = Objects.requireNonNull(warnings, "warnings is null");
  }

  public Path path() {
    return path;
  }

  public boolean exists() {
    return Files.exists(path);
  }

  /**
   * Reads the key.
   *
   * @throws InvalidKeyFileException when the file is missing, unreadable or damaged
   */
  public PrivateKey load() {
    byte[] content;
    try {
      content = read();
    } catch (NoSuchFileException e) {
      throw new InvalidKeyFileException("there is no key file " + path + ": make one first", e);
    } catch (IOException e) {
      throw new InvalidKeyFileException(
          "cannot read the key file " + path + " (" + e + "): check its permissions", e);
    }
    PrivateKey key = parse(content);
    warnWhenOthersCanRead();
    return key;
  }

  /**
   * Writes a new file with {@code key}, whole or not at all.
   *
   * @return false when there is a file already, which stays as it is
   * @throws InvalidKeyFileException when it cannot be written
   */
  public boolean create(PrivateKey key) {
    Path folder = path.toAbsolutePath().getParent();
    try {
      Files.createDirectories(folder);
      Path temporary = Files.createTempFile(folder, "identity", ".tmp", ownerOnly(folder));
      try {
        write(temporary, Base64.getEncoder().encodeToString(key.toProtobuf()) + "\n");
        return moveWithoutReplacing(temporary);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new InvalidKeyFileException(
          "cannot write the key file " + path + " (" + e + "): make its folder writable", e);
    }
  }

  /** Reads the key, after making a new secp256k1 key where there is no file. */
  public PrivateKey loadOrCreate(SecureRandom random) {
    if (!exists()) {
      create(PrivateKey.generate(KeyType.SECP256K1, random));
    }
    // What counts is what is in the file: another process may have been first.
    return load();
  }

  private byte[] read() throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(MAX_LENGTH + 1);
    }
  }

  PrivateKey parse(byte[] content) {
    if (content.length == 0) {
      throw damaged("is empty", null);
    }
    if (content.length > MAX_LENGTH) {
      throw damaged("is larger than " + MAX_LENGTH + " bytes", null);
    }
    try {
      String line = new String(content, StandardCharsets.US_ASCII).strip();
      return PrivateKey.fromProtobuf(Base64.getDecoder().decode(line));
    } catch (IllegalArgumentException e) {
      throw damaged("is not one line of base64", e);
    } catch (ProtocolViolationException e) {
      throw damaged("does not hold a valid key (" + e.getMessage() + ")", e);
    }
  }

  private InvalidKeyFileException damaged(String what, @Nullable Exception e) {
    return new InvalidKeyFileException(
        "the key file "
            + path
            + " "
            + what
            + ": restore it from a backup, or move it away to get a new identity",
        e);
  }

  private void warnWhenOthersCanRead() {
    try {
      Set<PosixFilePermission> others = EnumSet.noneOf(PosixFilePermission.class);
      others.addAll(Files.getPosixFilePermissions(path));
      others.removeAll(OWNER_ONLY);
      others.remove(PosixFilePermission.OWNER_EXECUTE);
      if (!others.isEmpty()) {
        warnings.accept("others can use the key file " + path + ": run \"chmod 600 " + path + "\"");
      }
    } catch (UnsupportedOperationException | IOException e) {
      // No such permissions on this file system, or none to see: nothing to warn of.
    }
  }

  private static void write(Path file, String line) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
  }

  /** A hard link is the one way to name a finished file that fails when the name is taken. */
  private boolean moveWithoutReplacing(Path temporary) throws IOException {
    try {
      try {
        Files.createLink(path, temporary);
      } catch (FileAlreadyExistsException e) {
        throw e;
      } catch (UnsupportedOperationException | IOException e) {
        // FAT has no links; there the check and the move are two steps.
        Files.move(temporary, path);
      }
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path folder) throws IOException {
    return Files.getFileStore(folder).supportsFileAttributeView("posix")
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
        : new FileAttribute<?>[0];
  }
}
