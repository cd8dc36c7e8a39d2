package io.infernet.discovery.directory;

/**
 * How large the messages of the directory may be.
 *
 * @param maxRecordSize bytes of one record
 * @param maxRecords records in one answer
 * @param maxAddresses addresses in one record
 * @param maxRoles roles in one record
 * @param maxModels models in one record
 * @param maxGpus kinds of GPU in one record
 * @param maxTopics topics of content in one record or offer
 * @param maxTextLength bytes of a name, role, region or agent
 */
public record DirectoryLimits(
    int maxRecordSize,
    int maxRecords,
    int maxAddresses,
    int maxRoles,
    int maxModels,
    int maxGpus,
    int maxTopics,
    int maxTextLength) {

  public DirectoryLimits {
    if (maxRecordSize < 1
        || maxRecords < 1
        || maxAddresses < 1
        || maxRoles < 1
        || maxModels < 1
        || maxGpus < 1
        || maxTopics < 1
        || maxTextLength < 1) {
      throw new IllegalArgumentException("a limit of the directory is below 1");
    }
  }

  /**
   * About one mebibyte for an answer of 64 records of the largest size, which fits with its
   * envelope into the 16 KiB of a value in the DHT.
   */
  public static DirectoryLimits defaults() {
    return new DirectoryLimits(15 * 1024, 64, 16, 8, 64, 8, 16, 128);
  }
}
