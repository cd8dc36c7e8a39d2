package io.infernet.libp2p.peer;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.infernet.libp2p.testing.TestIdentities;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IdentityKeyFileTest {

  @TempDir Path home;
  private final List<String> warnings = new ArrayList<>();
  private Path path;
  private IdentityKeyFile file;

  @BeforeEach
  void nameTheFile() {
    path = home.resolve("identity.key");
    file = new IdentityKeyFile(path, warnings::add);
  }

  @Test
  void makesAKeyOnceAndThenReadsIt() {
    assertFalse(file.exists());
    PrivateKey first = file.loadOrCreate(new SecureRandom());
    assertTrue(file.exists());
    assertEquals(KeyType.SECP256K1, first.type());
    assertEquals(first.publicKey(), file.loadOrCreate(new SecureRandom()).publicKey());
    assertEquals(first.publicKey(), file.load().publicKey());
    assertEquals(List.of(), warnings);
  }

  @Test
  void makesTheFolderToo() {
    IdentityKeyFile deeper = new IdentityKeyFile(home.resolve("a/b/identity.key"), warnings::add);
    assertTrue(deeper.create(TestIdentities.privateKey(1)));
    assertEquals(TestIdentities.publicKey(1), deeper.load().publicKey());
  }

  @ParameterizedTest
  @EnumSource
  void keepsKeysOfEveryType(KeyType type) throws IOException {
    PrivateKey key = TestIdentities.privateKey(type, 1);
    assertTrue(file.create(key));
    assertEquals(key.publicKey(), file.load().publicKey());
    assertEquals(
        Base64.getEncoder().encodeToString(key.toProtobuf()) + "\n",
        Files.readString(path, US_ASCII));
  }

  @Test
  void leavesTheFileToItsOwnerAlone() throws IOException {
    assumePosix();
    file.create(TestIdentities.privateKey(1));
    assertEquals("rw-------", permissions());
    assertEquals(List.of("identity.key"), filesInHome());
  }

  @Test
  void neverOverwrites() throws IOException {
    file.create(TestIdentities.privateKey(1));
    byte[] before = Files.readAllBytes(path);
    assertFalse(file.create(TestIdentities.privateKey(2)));
    assertArrayEquals(before, Files.readAllBytes(path));
    assertEquals(List.of("identity.key"), filesInHome());
  }

  @Test
  void givesAllWhoStartAtOnceTheSameKey() throws Exception {
    int starters = 8;
    ExecutorService executor = Executors.newFixedThreadPool(starters);
    try {
      CountDownLatch together = new CountDownLatch(starters);
      List<Future<PublicKey>> keys = new ArrayList<>();
      for (int i = 0; i < starters; i++) {
        keys.add(
            executor.submit(
                () -> {
                  together.countDown();
                  together.await();
                  return new IdentityKeyFile(path, warning -> {})
                      .loadOrCreate(new SecureRandom())
                      .publicKey();
                }));
      }
      for (Future<PublicKey> key : keys) {
        assertEquals(keys.get(0).get(), key.get());
      }
      assertEquals(keys.get(0).get(), file.load().publicKey());
    } finally {
      executor.shutdownNow();
    }
    assertEquals(List.of("identity.key"), filesInHome());
  }

  @Test
  void warnsWhenOthersCanReadTheFile() throws IOException {
    assumePosix();
    file.create(TestIdentities.privateKey(1));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
    assertEquals(TestIdentities.publicKey(1), file.load().publicKey());
    assertEquals(
        List.of("others can use the key file " + path + ": run \"chmod 600 " + path + "\""),
        warnings);
  }

  @Test
  void readsAFileWithoutItsLineEnd() throws IOException {
    write(base64(TestIdentities.privateKey(1)));
    assertEquals(TestIdentities.publicKey(1), file.load().publicKey());
    write("  " + base64(TestIdentities.privateKey(2)) + "\r\n");
    assertEquals(TestIdentities.publicKey(2), file.load().publicKey());
  }

  @Test
  void saysHowToMendAMissingFile() {
    assertRefused("there is no key file " + path + ": make one first");
  }

  @Test
  void saysWhatIsWrongWithADamagedFile() throws IOException {
    String mend = ": restore it from a backup, or move it away to get a new identity";
    String name = "the key file " + path + " ";
    write("");
    assertRefused(name + "is empty" + mend);
    write("A".repeat(8193));
    assertRefused(name + "is larger than 8192 bytes" + mend);
    write("not base64!");
    assertRefused(name + "is not one line of base64" + mend);
    write(base64(TestIdentities.privateKey(1)) + "\n" + base64(TestIdentities.privateKey(1)));
    assertRefused(name + "is not one line of base64" + mend);
    write("\n");
    assertRefused(
        name
            + "does not hold a valid key (key is not in its deterministic protobuf encoding)"
            + mend);
    write(base64(TestIdentities.privateKey(1)).substring(0, 24));
    assertRefused(name + "does not hold a valid key (key data has 14 bytes instead of 32)" + mend);
  }

  @Test
  void keepsADamagedFileWhenAskedForAKey() throws IOException {
    write("damaged");
    assertThrows(InvalidKeyFileException.class, () -> file.loadOrCreate(new SecureRandom()));
    assertEquals("damaged", Files.readString(path, US_ASCII));
  }

  @Test
  void saysWhenItCannotReadOrWrite() throws IOException {
    Files.createDirectory(path);
    InvalidKeyFileException e = assertThrows(InvalidKeyFileException.class, file::load);
    assertTrue(e.getMessage().startsWith("cannot read the key file " + path), e.getMessage());
    assertTrue(e.getMessage().endsWith("check its permissions"), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());

    Files.createFile(home.resolve("no-folder"));
    IdentityKeyFile below =
        new IdentityKeyFile(home.resolve("no-folder/identity.key"), warnings::add);
    e =
        assertThrows(
            InvalidKeyFileException.class, () -> below.create(TestIdentities.privateKey(1)));
    assertTrue(e.getMessage().startsWith("cannot write the key file"), e.getMessage());
    assertTrue(e.getMessage().endsWith("make its folder writable"), e.getMessage());
  }

  private void assertRefused(String message) {
    InvalidKeyFileException e = assertThrows(InvalidKeyFileException.class, file::load);
    assertEquals(message, e.getMessage());
  }

  private void write(String content) throws IOException {
    Files.writeString(path, content, US_ASCII);
  }

  private static String base64(PrivateKey key) {
    return Base64.getEncoder().encodeToString(key.toProtobuf());
  }

  private String permissions() throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private List<String> filesInHome() throws IOException {
    try (Stream<Path> files = Files.list(home)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  private void assumePosix() throws IOException {
    assumeTrue(Files.getFileStore(home).supportsFileAttributeView("posix"));
  }
}
