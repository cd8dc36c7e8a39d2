package io.infernet.inference.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.infernet.inference.InfernetException;
import io.infernet.inference.model.ModelName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sizes as text, what the system says of its memory, and shares of it. */
class MemoryTest {

  private static final ModelName MODEL = ModelName.parse("a");

  @TempDir Path root;

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private void machine(int mebibytes, int available) throws IOException {
    write(
        "proc/meminfo",
        "MemTotal:       %d kB\nMemFree: 1 kB\nMemAvailable:   %d kB\n"
            .formatted(mebibytes << 10, available << 10));
  }

  private SystemMemory.Reading mebibytes() {
    SystemMemory.Reading reading = new SystemMemory(root).read();
    return new SystemMemory.Reading(reading.total() >> 20, reading.available() >> 20);
  }

  @Test
  void readsTheMachinesMemory() throws IOException {
    machine(16_000, 9_000);
    assertEquals(new SystemMemory.Reading(16_000, 9_000), mebibytes());
  }

  @Test
  void keepsToTheLimitsOfControlGroups() throws IOException {
    machine(16_000, 9_000);
    write("proc/self/cgroup", "0::/system.slice/node.service\n");
    write("sys/fs/cgroup/system.slice/memory.max", "max\n");
    write("sys/fs/cgroup/system.slice/node.service/memory.max", (4_000L << 20) + "\n");
    write("sys/fs/cgroup/system.slice/node.service/memory.current", (3_000L << 20) + "\n");
    write(
        "sys/fs/cgroup/system.slice/node.service/memory.stat",
        "anon 5\ninactive_file %d\n".formatted(500L << 20));
    assertEquals(new SystemMemory.Reading(4_000, 1_500), mebibytes());
    write("sys/fs/cgroup/memory.max", (2_000L << 20) + "\n");
    write("sys/fs/cgroup/memory.current", (1_999L << 20) + "\n");
    assertEquals(new SystemMemory.Reading(2_000, 1), mebibytes());
  }

  @Test
  void knowsTheOldControlGroups() throws IOException {
    machine(16_000, 9_000);
    write("proc/self/cgroup", "12:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", (1_000L << 20) + "\n");
    write("sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", (400L << 20) + "\n");
    assertEquals(new SystemMemory.Reading(1_000, 600), mebibytes());
  }

  @Test
  void leavesOthersTheirShare() {
    SystemMemory.Reading card = new SystemMemory.Reading(8L << 30, 6L << 30);
    SharedRoom room = new SharedRoom("the card", 0, () -> card);
    assertEquals((long) ((8L << 30) * 0.85), room.capacity());
    assertEquals((6L << 30) - (8L << 30) / 20, room.free());
    assertEquals(123, new SharedRoom("the card", 123, () -> card).capacity());
  }

  @Test
  void givesTheCacheAQuarterOrOneWholeText() {
    assertEquals(64 * 512, new CacheBudget(0, 64, 1L << 40).tokens(MODEL, 1024, 512));
    assertEquals((1 << 28) / 131_072, new CacheBudget(0, 64, 1L << 30).tokens(MODEL, 131_072, 512));
    assertEquals(8192, new CacheBudget(0, 64, 1L << 30).tokens(MODEL, 131_072, 8192));
    assertEquals(
        4L << 30, 131_072L * new CacheBudget(0, 64, 1L << 40).tokens(MODEL, 131_072, 8192));
    assertEquals(1024, new CacheBudget(1 << 20, 64, 1L << 30).tokens(MODEL, 1024, 8192));
    InfernetException error =
        assertThrows(
            InfernetException.class,
            () -> new CacheBudget(1 << 20, 64, 1L << 30).tokens(MODEL, 131_072, 8192));
    assertEquals(
        "engine.kv_budget = 1MiB holds 8 tokens of a, which take 128.0 KiB each: raise it",
        error.getMessage());
  }

  @Test
  void writesAndReadsSizes() {
    for (String text : List.of("2GiB", "512MiB", "1TiB", "3KiB", "7B")) {
      assertEquals(text, Sizes.exact(Sizes.parse(text)));
    }
    assertEquals(1_000, Sizes.parse("1000"));
    assertEquals("14.2 GiB", Sizes.text(15_247_209_267L));
    assertEquals("1.0 KiB", Sizes.text(1024));
    for (String text : List.of("", "2GB", "-1MiB", "1.5GiB", "99999999999TiB", "GiB")) {
      assertThrows(IllegalArgumentException.class, () -> Sizes.parse(text), text);
    }
  }
}
