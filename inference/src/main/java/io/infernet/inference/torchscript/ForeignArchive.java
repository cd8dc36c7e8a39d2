package io.infernet.inference.torchscript;

import io.infernet.inference.checkpoint.ByteSink;
import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import io.infernet.inference.torchscript.ZipDirectory.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A TorchScript archive that somebody else made, as {@code torch.jit.save} writes it. Opening it
 * checks all of it: the zip file, the pickles, the source text. What passes is meant to be copied
 * file by file into a new archive, so that libtorch reads nothing that was not checked, and reads
 * it in the one way it was checked. Confined to one thread; its owner closes it.
 *
 * <p>What this protects from: archives that unpack to more than they say or than there is memory
 * for, names that lead out of the archive, pickles with anything but tensors, numbers and the
 * archive's own classes, tensors that reach beyond their numbers, and programs that read or write
 * files, start threads, change the library's settings or show memory that is not theirs.
 *
 * <p>What it does not protect from: a model is still somebody's program. It can compute for as long
 * as it likes, take memory for its results, give wrong answers, and use faults of libtorch that
 * nobody knows yet. Take such files only from people you trust; a checkpoint of a known
 * architecture needs no such trust, because there is no program in it.
 */
public final class ForeignArchive implements AutoCloseable {

  /** Changes whenever other archives pass: checked copies are kept by it. */
  public static final int VERSION = 1;

  private static final Pattern NUMBERS = Pattern.compile("(data|constants)/[0-9]{1,9}");
  private static final Pattern CODE = Pattern.compile("code(/[A-Za-z0-9_.-]+)+\\.py");

  /** What no model needs to run: positions in its source, notes, marks of the writer. */
  private static final Pattern NEEDLESS =
      Pattern.compile(
          "code(/[A-Za-z0-9_.-]+)+\\.debug_pkl|extra/.*|\\.data/serialization_id|\\.format_version|\\.storage_alignment");

  private static final Set<String> SMALL = Set.of("version", ".data/version", "byteorder");
  private static final int MAX_SMALL = 64;
  private static final int BUFFER = 1 << 20;

  private final FileChannel channel;
  private final ArchiveLimits limits;

  /** Checked text and pickles, by name without the root. */
  private final Map<String, byte[]> texts = new LinkedHashMap<>();

  /** Numbers of tensors, by name without the root. */
  private final Map<String, Entry> numbers = new LinkedHashMap<>();

  private ForeignArchive(FileChannel channel, ArchiveLimits limits) {
    this.channel = channel;
    this.limits = limits;
  }

  /**
   * Opens and checks an archive.
   *
   * @throws DamagedModelException when it is missing or malformed
   * @throws UnsupportedModelException when it holds what is not allowed, naming it
   */
  public static ForeignArchive open(Path file, ArchiveLimits limits) {
    ForeignArchive archive;
    try {
      archive = new ForeignArchive(FileChannel.open(file, StandardOpenOption.READ), limits);
    } catch (IOException e) {
      throw new DamagedModelException("cannot read " + file + ": " + e.getMessage(), e);
    }
    try {
      archive.check();
      return archive;
    } catch (IOException e) {
      archive.close();
      throw new DamagedModelException("cannot read " + file + ": " + e.getMessage(), e);
    } catch (DamagedModelException e) {
      archive.close();
      throw new DamagedModelException(file.getFileName() + ": " + e.getMessage(), e);
    } catch (UnsupportedModelException e) {
      archive.close();
      throw new UnsupportedModelException(file.getFileName() + ": " + e.getMessage());
    }
  }

  private void check() throws IOException {
    String root = null;
    long sources = 0;
    for (Entry entry : ZipDirectory.read(channel, limits)) {
      int slash = entry.name().indexOf('/');
      String folder = slash < 0 ? "" : entry.name().substring(0, slash);
      if (slash < 0 || (root != null && !root.equals(folder))) {
        throw new DamagedModelException("its files are not in one folder: " + entry.name());
      }
      root = folder;
      String name = entry.name().substring(slash + 1);
      if (NUMBERS.matcher(name).matches()) {
        if (entry.deflated()) {
          throw new UnsupportedModelException(name + " is packed; TorchScript packs no numbers");
        }
        numbers.put(name, entry);
      } else if (CODE.matcher(name).matches()) {
        sources += entry.size();
        if (sources > limits.maxSourceBytes()) {
          throw new DamagedModelException(
              "it has more than %d bytes of source text".formatted(limits.maxSourceBytes()));
        }
        texts.put(name, content(entry, limits.maxSourceBytes()));
      } else if (name.equals("data.pkl") || name.equals("constants.pkl")) {
        texts.put(name, content(entry, limits.maxPickleBytes()));
      } else if (SMALL.contains(name)) {
        texts.put(name, content(entry, MAX_SMALL));
      } else if (!NEEDLESS.matcher(name).matches()) {
        throw new UnsupportedModelException(
            "it holds %s, which no TorchScript model needs".formatted(name));
      }
    }
    for (String name : List.of("data.pkl", "constants.pkl")) {
      if (!texts.containsKey(name)) {
        throw new DamagedModelException("it has no " + name);
      }
    }
    // Where both are, libtorch reads the first of these.
    String version = texts.containsKey(".data/version") ? ".data/version" : "version";
    if (!text(version).strip().matches("[0-9]{1,3}")) {
      throw new DamagedModelException("its version is missing or no number");
    }
    if (!text("byteorder").equals("little") && texts.containsKey("byteorder")) {
      throw new UnsupportedModelException("its byte order is not little-endian");
    }
    new PickleChecker(stored("data/"), limits).check(texts.get("data.pkl"), "data.pkl");
    new PickleChecker(stored("constants/"), limits)
        .check(texts.get("constants.pkl"), "constants.pkl");
    for (String name : texts.keySet()) {
      if (CODE.matcher(name).matches()) {
        SourceChecker.check(text(name), name);
      }
    }
  }

  private String text(String name) {
    return new String(texts.getOrDefault(name, new byte[0]), StandardCharsets.ISO_8859_1);
  }

  /** Sizes of the numbers in a folder, by their names there. */
  private Map<String, Long> stored(String folder) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    numbers.forEach(
        (name, entry) -> {
          if (name.startsWith(folder)) {
            sizes.put(name.substring(folder.length()), entry.size());
          }
        });
    return sizes;
  }

  private byte[] content(Entry entry, int most) throws IOException {
    if (entry.size() > most || entry.packed() > most) {
      throw new DamagedModelException(
          "%s says it has %d bytes; at most %d are read"
              .formatted(entry.name(), entry.size(), most));
    }
    ByteBuffer packed = ByteBuffer.allocate((int) entry.packed());
    readFully(packed, entry.position(), entry.name());
    byte[] content =
        entry.deflated()
            ? inflate(packed.array(), (int) entry.size(), entry.name())
            : packed.array();
    CRC32 crc = new CRC32();
    crc.update(content);
    if ((int) crc.getValue() != entry.crc()) {
      throw new DamagedModelException(entry.name() + " does not match its checksum");
    }
    return content;
  }

  private static byte[] inflate(byte[] packed, int size, String name) {
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(packed);
      // One byte more than it may have shows whether it has more.
      byte[] content = new byte[size + 1];
      int length = 0;
      while (!inflater.finished() && length <= size) {
        int count = inflater.inflate(content, length, content.length - length);
        if (count == 0 && !inflater.finished()) {
          break;
        }
        length += count;
      }
      if (!inflater.finished() || length != size) {
        throw new DamagedModelException(name + " unpacks to another size than it says");
      }
      return Arrays.copyOf(content, size);
    } catch (DataFormatException e) {
      throw new DamagedModelException(name + " cannot be unpacked", e);
    } finally {
      inflater.end();
    }
  }

  private void readFully(ByteBuffer buffer, long position, String name) throws IOException {
    int start = buffer.position();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position() - start) < 0) {
        throw new DamagedModelException(name + " ends in the middle");
      }
    }
  }

  /** Bytes of all its numbers: what the model takes in memory, about. */
  public long weightBytes() {
    return numbers.values().stream().mapToLong(Entry::size).sum();
  }

  /** The files that a model needs to run, without the archive's root folder. */
  public List<String> names() {
    List<String> names = new ArrayList<>(texts.keySet());
    names.addAll(numbers.keySet());
    return List.copyOf(names);
  }

  /**
   * Hands the checked content of a file to {@code sink}, in order.
   *
   * @throws DamagedModelException when it does not match its checksum
   * @throws IOException when the disk or the sink fails
   */
  public void read(String name, ByteSink sink) throws IOException {
    byte[] text = texts.get(name);
    if (text != null) {
      sink.write(ByteBuffer.wrap(text).asReadOnlyBuffer());
      return;
    }
    Entry entry = numbers.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("no file " + name);
    }
    CRC32 crc = new CRC32();
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER, Math.max(1, entry.size())));
    for (long done = 0; done < entry.size(); done += buffer.limit()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), entry.size() - done));
      readFully(buffer, entry.position() + done, name);
      crc.update(buffer.flip().duplicate());
      sink.write(buffer.duplicate());
    }
    if ((int) crc.getValue() != entry.crc()) {
      throw new DamagedModelException(name + " does not match its checksum");
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It was only read.
    }
  }
}
