package io.infernet.discovery.directory;

/**
 * How large the messages of the directory may be.
 *
 * @param maxRecordSize bytes of one record
 * @param maxRecords records in one answer
 * @param maxAddresses addresses in one record
 * @param maxRoles roles in one record
 * @param maxModels models in one record
 * @param maxTextLength bytes of a name, role, region or agent
 */
public record DirectoryLimits(
    int maxRecordSize,
    int maxRecords,
    int maxAddresses,
    int maxRoles,
    int maxModels,
    int maxTextLength) {

  public DirectoryLimits {
    if (maxRecordSize < 1
        || maxRecords < 1
        || maxAddresses < 1
        || maxRoles < 1
        || maxModels < 1
        || maxTextLength < 1) {
      throw new IllegalArgumentException("a limit of the directory is below 1");
    }
  }

  /** At most half a mebibyte for an answer of 64 records. */
  public static DirectoryLimits defaults() {
    return new DirectoryLimits(8 * 1024, 64, 16, 8, 64, 128);
  }
}
