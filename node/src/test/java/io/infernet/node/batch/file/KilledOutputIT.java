package io.infernet.node.batch.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.libp2p.concurrent.Ticker;
import io.infernet.verification.batch.TaskType;
import io.infernet.verification.commitment.JobId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class KilledOutputIT {

  private static final JobId JOB = JobId.parse("00112233445566778899aabbccddeeff");
  private static final int ITEMS = 30_000;
  private static final int SHARD = 20;
  private static final int KILLS = 8;

  @TempDir private Path folder;

  /** Real processes, really killed, each while it writes what the one before left over. */
  @Test
  @Timeout(300)
  void isWholeAfterAllWhoWroteItWereKilled() throws Exception {
    Path in = folder.resolve("in.jsonl");
    Path out = folder.resolve("out.jsonl");
    Path part = folder.resolve("out.jsonl." + JOB + ".part");
    Files.write(
        in, IntStream.range(0, ITEMS).mapToObj(i -> "{\"id\":" + i + ",\"input\":\"x\"}").toList());
    for (int kill = 1; kill <= KILLS; kill++) {
      Process writer = start(in, out, kill);
      try {
        long mark = size(part) + 200_000;
        while (size(part) < mark && !writer.waitFor(1, TimeUnit.MILLISECONDS)) {
          // It writes.
        }
      } finally {
        writer.destroyForcibly();
      }
      assertTrue(writer.waitFor(60, TimeUnit.SECONDS));
      assertEquals(Files.exists(out), writer.exitValue() == 0);
    }
    if (!Files.exists(out)) {
      Process last = start(in, out, 0);
      try {
        assertTrue(last.waitFor(120, TimeUnit.SECONDS));
        assertEquals(0, last.exitValue());
      } finally {
        last.destroyForcibly();
      }
    }
    assertEquals(
        IntStream.range(0, ITEMS).mapToObj(KilledOutputIT::line).toList(), Files.readAllLines(out));
    assertFalse(Files.exists(part));
  }

  private static long size(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  private static Process start(Path in, Path out, int seed) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            KilledOutputIT.class.getName(),
            in.toString(),
            out.toString(),
            Integer.toString(seed))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static String line(int item) {
    return "{\"id\":" + item + ",\"text\":\"" + text(item) + "\"}";
  }

  private static String text(int item) {
    return (item + " ").repeat(20 + item % 50);
  }

  /** Puts what is missing, shards in random order but never far from their turn. */
  public static void main(String[] args) {
    BatchFileConfig config = BatchFileConfig.defaults();
    BatchInput input =
        BatchInput.examine(Path.of(args[0]), TaskType.EMBED, config, true, refused -> {});
    List<Integer> shards = new ArrayList<>(IntStream.range(0, ITEMS / SHARD).boxed().toList());
    Random random = new Random(Long.parseLong(args[2]));
    for (int from = 0; from < shards.size(); from += 10) {
      Collections.shuffle(shards.subList(from, Math.min(shards.size(), from + 10)), random);
    }
    try (BatchOutput output =
        BatchOutput.open(Path.of(args[1]), JOB, input, config, Ticker.system())) {
      for (int shard : shards) {
        int first = shard * SHARD;
        output.put(
            first,
            IntStream.range(first, first + SHARD)
                .mapToObj(item -> OutputBody.of(json -> json.writeStringField("text", text(item))))
                .toList());
      }
      output.finish();
    }
  }
}
