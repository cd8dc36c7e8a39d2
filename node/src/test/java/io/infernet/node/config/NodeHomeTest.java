package io.infernet.node.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeHomeTest {

  @TempDir Path folder;

  @Test
  void setupMakesPrivateFilesOnceAndKeepsThem() throws IOException {
    NodeHome home = new NodeHome(folder.resolve("a/b"));

    HomeSetup.Result first = HomeSetup.ensure(home, new SecureRandom(), warning -> {});
    Files.writeString(home.configFile(), "[engine]\nthreads = 1\n");
    HomeSetup.Result second = HomeSetup.ensure(home, new SecureRandom(), warning -> {});

    assertEquals(List.of(home.path(), home.identityFile(), home.configFile()), first.created());
    assertEquals(List.of(), second.created());
    assertEquals(first.peerId(), second.peerId());
    assertEquals("[engine]\nthreads = 1\n", Files.readString(home.configFile()));
    assertEquals("rwx------", permissions(home.path()));
    assertEquals("rw-------", permissions(home.identityFile()));
    assertEquals("rw-------", permissions(home.configFile()));
  }

  @Test
  void damagedKeyIsNamedAndKept() throws IOException {
    NodeHome home = new NodeHome(folder);
    Files.writeString(home.identityFile(), "garbage!");

    ConfigException e =
        assertThrows(
            ConfigException.class, () -> HomeSetup.ensure(home, new SecureRandom(), warning -> {}));

    assertTrue(e.getMessage().contains(home.identityFile().toString()), e.getMessage());
    assertEquals("garbage!", Files.readString(home.identityFile()));
  }

  @Test
  void secondNodeInTheSameHomeIsRefusedUntilTheFirstEnds() {
    NodeHome home = new NodeHome(folder);
    HomeLock first = HomeLock.acquire(home);

    ConfigException e = assertThrows(ConfigException.class, () -> HomeLock.acquire(home));
    assertEquals(
        "home "
            + folder
            + " is in use by another node (pid "
            + ProcessHandle.current().pid()
            + "): stop it or use another INFERNET_HOME",
        e.getMessage());

    first.close();
    HomeLock.acquire(home).close();
  }

  @Test
  void runningNodeIsFoundByItsNoteAndADeadOneIsNot() throws IOException, InterruptedException {
    NodeHome home = new NodeHome(folder);
    assertEquals(Optional.empty(), RunningNode.read(home));

    RunningNode alive =
        new RunningNode(
            ProcessHandle.current().pid(), "peer", URI.create("http://127.0.0.1:1"), "secret");
    alive.write(home);
    assertEquals(Optional.of(alive), RunningNode.read(home));
    assertEquals("rw-------", permissions(home.runtimeFile()));

    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    RunningNode dead =
        new RunningNode(ended.pid(), "peer", URI.create("http://127.0.0.1:1"), "secret");
    dead.write(home);
    assertEquals(Optional.empty(), RunningNode.read(home));

    Files.writeString(home.runtimeFile(), "{nonsense");
    assertEquals(Optional.empty(), RunningNode.read(home));
  }

  @Test
  void noteIsTakenAwayOnlyByWhoWroteIt() throws IOException {
    NodeHome home = new NodeHome(folder);
    long pid = ProcessHandle.current().pid();
    RunningNode earlier = new RunningNode(pid, "peer", URI.create("http://127.0.0.1:1"), "a");
    RunningNode later = new RunningNode(pid, "peer", URI.create("http://127.0.0.1:2"), "b");
    later.write(home);

    earlier.delete(home);
    assertEquals(Optional.of(later), RunningNode.read(home));
    later.delete(home);
    assertEquals(Optional.empty(), RunningNode.read(home));
  }

  @Test
  void homeComesFromTheVariableOrTheUsersFolder() {
    assertEquals(
        folder, NodeHome.fromEnvironment(Map.of("INFERNET_HOME", folder.toString())).path());
    assertEquals(
        Path.of(System.getProperty("user.home"), ".infernet"),
        NodeHome.fromEnvironment(Map.of("INFERNET_HOME", "")).path());
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
