package io.infernet.node.batch.store;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** {@link BatchTables} that forget everything when the process ends. */
public final class MemoryBatchTables implements BatchTables {

  private final Map<Table, NavigableMap<byte[], byte[]>> tables = new EnumMap<>(Table.class);

  private NavigableMap<byte[], byte[]> table(Table table) {
    return tables.computeIfAbsent(table, t -> new TreeMap<>(Arrays::compareUnsigned));
  }

  @Override
  public synchronized void write(List<Removal> removals, List<Put> puts) {
    for (Removal removal : removals) {
      table(removal.table()).subMap(removal.from(), true, removal.to(), false).clear();
    }
    for (Put put : puts) {
      table(put.table()).put(put.key().clone(), put.value().clone());
    }
  }

  @Override
  public synchronized Optional<byte[]> get(Table table, byte[] key) {
    return Optional.ofNullable(table(table).get(key)).map(byte[]::clone);
  }

  @Override
  public synchronized List<byte[]> values(Table table, byte[] from, byte[] to, int limit) {
    return table(table).subMap(from, true, to, false).values().stream()
        .limit(limit)
        .map(byte[]::clone)
        .toList();
  }
}
