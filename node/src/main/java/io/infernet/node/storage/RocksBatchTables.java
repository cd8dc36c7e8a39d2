package io.infernet.node.storage;

import io.infernet.node.batch.store.BatchTables;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** {@link BatchTables} as columns of the node's RocksDB; every write is synced. */
final class RocksBatchTables implements BatchTables {

  /** Their names. */
  static final List<String> COLUMNS = Arrays.stream(Table.values()).map(Table::toString).toList();

  private final RocksColumns db;

  RocksBatchTables(RocksColumns db) {
    this.db = db;
  }

  @Override
  public void write(List<Removal> removals, List<Put> puts) {
    db.write(
        removals.stream()
            .map(
                removal ->
                    new RocksColumns.Removal(
                        removal.table().toString(), removal.from(), removal.to()))
            .toList(),
        puts.stream()
            .map(put -> new RocksColumns.Change(put.table().toString(), put.key(), put.value()))
            .toList(),
        true);
  }

  @Override
  public Optional<byte[]> get(Table table, byte[] key) {
    return Optional.ofNullable(db.get(table.toString(), key));
  }

  @Override
  public List<byte[]> values(Table table, byte[] from, byte[] to, int limit) {
    return db.values(table.toString(), from, to, limit);
  }
}
