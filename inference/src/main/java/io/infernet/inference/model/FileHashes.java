package io.infernet.inference.model;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SHA-256 of files, remembered for as long as their size and time of modification stay the same, so
 * that gigabytes are not read again at every start. What is remembered lies in one small file;
 * losing it only costs time. Safe from any thread.
 */
final class FileHashes {

  private static final Logger LOG = LoggerFactory.getLogger(FileHashes.class);
  private static final int MAX_ENTRIES = 10_000;
  private static final long MAX_BYTES = 8 << 20;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private record Entry(long size, long modifiedNanos, String sha256) {
    private Entry {
      requireNonNull(sha256, "sha256 is null");
    }
  }

  private final Path memory;
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  /**
   * @param memory where the hashes are remembered
   */
  FileHashes(Path memory) {
    this.memory = memory;
    try {
      if (Files.exists(memory) && Files.size(memory) <= MAX_BYTES) {
        entries.putAll(
            MAPPER.readValue(memory.toFile(), new TypeReference<Map<String, Entry>>() {}));
      }
    } catch (IOException | RuntimeException e) {
      entries.clear();
      LOG.debug("hashes of model files are computed anew: {}", e.toString());
    }
  }

  /**
   * Size and hash of a file.
   *
   * @param name relative to {@code folder}, as the model lists it
   * @throws IOException when it cannot be read
   */
  ModelFile describe(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    long modified = attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
    String key = file.toAbsolutePath().normalize().toString();
    Entry known = entries.get(key);
    if (known == null || known.size != attributes.size() || known.modifiedNanos != modified) {
      known = new Entry(attributes.size(), modified, hash(file));
      entries.put(key, known);
      save();
    }
    return new ModelFile(name, known.size, known.sha256);
  }

  private static String hash(Path file) throws IOException {
    try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), sha256())) {
      byte[] buffer = new byte[1 << 16];
      while (in.read(buffer) >= 0) {
        // Reading is what computes the digest.
      }
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    }
  }

  static String hash(InputStream in, OutputStream copy) throws IOException {
    DigestInputStream digesting = new DigestInputStream(in, sha256());
    digesting.transferTo(copy);
    return HexFormat.of().formatHex(digesting.getMessageDigest().digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  private synchronized void save() {
    try {
      if (entries.size() > MAX_ENTRIES) {
        entries.keySet().removeIf(path -> !Files.exists(Path.of(path)));
      }
      Path fresh = Files.createTempFile(memory.getParent(), ".hashes", ".tmp");
      try {
        MAPPER.writeValue(fresh.toFile(), entries);
        Files.move(fresh, memory, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(fresh);
      }
    } catch (IOException e) {
      LOG.debug("hashes of model files are not remembered: {}", e.getMessage());
    }
  }
}
