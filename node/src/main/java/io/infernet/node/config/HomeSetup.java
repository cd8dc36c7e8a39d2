package io.infernet.node.config;

import io.infernet.libp2p.peer.IdentityKeyFile;
import io.infernet.libp2p.peer.InvalidKeyFileException;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Makes what a home folder needs and keeps whatever is there. Safe to run again, and from several
 * processes at once.
 */
public final class HomeSetup {

  /**
   * What a home holds now.
   *
   * @param key the node's identity
   * @param created what was missing before
   */
  public record Result(PrivateKey key, List<Path> created) {
    public Result {
      created = List.copyOf(created);
    }

    public PeerId peerId() {
      return PeerId.of(key.publicKey());
    }
  }

  private HomeSetup() {}

  /**
   * Makes the folder, the identity and a commented {@code config.toml} where they are missing.
   *
   * @param random where a new key comes from
   * @param warnings told in one line when the key file can be read by others
   * @throws ConfigException when something cannot be written or the key is damaged
   */
  public static Result ensure(NodeHome home, SecureRandom random, Consumer<String> warnings) {
    List<Path> created = new ArrayList<>();
    try {
      if (!Files.isDirectory(home.path())) {
        PrivateFiles.createFolder(home.path());
        created.add(home.path());
      }
      IdentityKeyFile identity = new IdentityKeyFile(home.identityFile(), warnings);
      if (!identity.exists()) {
        created.add(home.identityFile());
      }
      PrivateKey key = identity.loadOrCreate(random);
      if (!Files.exists(home.configFile())) {
        writeConfig(home.configFile());
        created.add(home.configFile());
      }
      return new Result(key, created);
    } catch (InvalidKeyFileException e) {
      throw new ConfigException(e.getMessage());
    } catch (IOException e) {
      throw new ConfigException(
          "cannot set up the home folder "
              + home
              + " ("
              + e
              + "): make it writable or name another"
              + " with --home or "
              + NodeHome.VARIABLE);
    }
  }

  /**
   * The identity of a home that was set up before.
   *
   * @throws ConfigException when it is missing or damaged
   */
  public static PrivateKey identity(NodeHome home, Consumer<String> warnings) {
    IdentityKeyFile identity = new IdentityKeyFile(home.identityFile(), warnings);
    if (!identity.exists()) {
      throw new ConfigException(
          "there is no identity in " + home + " yet: run \"infernet init\" to make one");
    }
    try {
      return identity.load();
    } catch (InvalidKeyFileException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  private static void writeConfig(Path file) throws IOException {
    try {
      PrivateFiles.write(file, configTemplate(), false);
    } catch (FileAlreadyExistsException e) {
      // Another process was first; its file is the same.
    }
  }

  /** A {@code config.toml} that names every setting in a comment and changes none. */
  static String configTemplate() {
    StringBuilder text =
        new StringBuilder(
            """
            # Settings of this Infernet node. Take the # away to change one. The command line and
            # INFERNET_* variables win over this file; `infernet config show` tells what counts.
            """);
    String table = "";
    for (Setting<?> setting : Settings.all()) {
      if (!setting.table().equals(table)) {
        table = setting.table();
        text.append("\n[").append(table).append("]\n");
      }
      text.append("# ").append(setting.description()).append('\n');
      text.append("# ").append(setting.name()).append(" = ").append(defaultText(setting));
      text.append('\n');
    }
    return text.toString();
  }

  private static <T> String defaultText(Setting<T> setting) {
    return setting.type().toToml(setting.defaultValue());
  }
}
