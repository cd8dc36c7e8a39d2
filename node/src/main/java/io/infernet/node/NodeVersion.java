package io.infernet.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What this build is called. */
public final class NodeVersion {

  private static final String RESOURCE = "version.properties";

  private NodeVersion() {}

  /** The version of the build, such as {@code 0.1.0}. */
  public static String number() {
    try (InputStream in = NodeVersion.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the build");
      }
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How the program names itself to peers. */
  public static String agent() {
    return "infernet/" + number();
  }
}
