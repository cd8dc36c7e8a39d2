package io.infernet.node.config;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files and folders that only their owner may see, where the file system can say so. */
final class PrivateFiles {

  private PrivateFiles() {}

  /** Makes the folder with mode 0700 and its missing parents; an existing one stays as it is. */
  static void createFolder(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    try {
      Files.createDirectory(folder, attributes("rwx------"));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    }
  }

  /**
   * Writes a file with mode 0600 that appears whole or not at all.
   *
   * @throws FileAlreadyExistsException when it is there already and {@code replace} is false
   */
  static void write(Path file, String text, boolean replace) throws IOException {
    Path temporary =
        Files.createTempFile(
            file.getParent(), file.getFileName().toString(), ".tmp", attributes("rw-------"));
    try {
      Files.writeString(temporary, text, StandardOpenOption.SYNC);
      if (replace) {
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.createLink(file, temporary);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static FileAttribute<?>[] attributes(String permissions) {
    Set<String> views = FileSystems.getDefault().supportedFileAttributeViews();
    return views.contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
