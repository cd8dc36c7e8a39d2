package io.infernet.node.hardware;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.engine.Device;
import io.infernet.inference.pool.SystemMemory;
import io.infernet.node.hardware.CommandRunner.Output;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The memory of NVIDIA's cards, by {@code nvidia-smi}. Safe from any thread; calls wait for it. */
public final class GpuMemory {

  private static final long MEBIBYTE = 1L << 20;

  private final CommandRunner commands;
  private final Map<String, String> environment;

  /**
   * @param environment whose {@code CUDA_VISIBLE_DEVICES} says which card CUDA's numbers mean
   */
  public GpuMemory(CommandRunner commands, Map<String, String> environment) {
    this.commands = requireNonNull(commands, "commands is null");
    this.environment = Map.copyOf(environment);
  }

  /** What a card has and has free; empty when nobody says. */
  public Optional<SystemMemory.Reading> read(Device card) {
    Output output =
        commands.run(
            List.of(
                "nvidia-smi",
                "-i",
                name(card),
                "--query-gpu=memory.total,memory.free",
                "--format=csv,noheader,nounits"));
    if (output instanceof Output.Ended ended && ended.exitCode() == 0) {
      String[] fields = ended.text().strip().split("\\s*,\\s*");
      if (fields.length == 2) {
        long total = Texts.bytes(fields[0], MEBIBYTE);
        if (total > 0) {
          return Optional.of(
              new SystemMemory.Reading(total, Math.min(total, Texts.bytes(fields[1], MEBIBYTE))));
        }
      }
    }
    return Optional.empty();
  }

  /** The card as {@code nvidia-smi} counts: CUDA counts only those that it may see. */
  private String name(Device card) {
    String[] visible = environment.getOrDefault("CUDA_VISIBLE_DEVICES", "").split(",");
    return card.index() < visible.length && visible[card.index()].strip().matches("[A-Za-z0-9-]+")
        ? visible[card.index()].strip()
        : Integer.toString(card.index());
  }
}
