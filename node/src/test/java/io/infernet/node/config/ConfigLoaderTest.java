package io.infernet.node.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.infernet.discovery.directory.NetworkName;
import io.infernet.inference.model.ModelName;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.node.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLoaderTest {

  @TempDir Path folder;

  @Test
  void defaultsAreWhatTheInterfaceSays() {
    NodeConfig config = NodeConfig.of(home(), load(Map.of(), Map.of()));

    assertEquals(Set.of(Role.PROVIDER, Role.CLIENT), config.roles());
    assertEquals(HostAndPort.parse("127.0.0.1:11500"), config.api().orElseThrow().address());
    assertEquals("", config.api().orElseThrow().key());
    assertEquals(List.of(Multiaddr.parse("/ip4/0.0.0.0/tcp/11501")), config.network().listen());
    assertEquals(List.of(), config.network().bootstrap());
    assertEquals(NetworkName.MAIN, config.network().name());
    assertTrue(config.network().mdns());
    assertEquals(512, config.network().maxConnections());
    assertTrue(config.network().dht().answers(config.roles(), true));
    assertFalse(config.network().dht().answers(Set.of(Role.CLIENT), true));
    assertFalse(config.network().dht().answers(config.roles(), false));
    assertTrue(DhtMode.SERVER.answers(Set.of(Role.CLIENT), false));
    assertEquals(List.of(), config.models().warm());
    assertEquals(0, config.engine().maxTokensPerSecond());
    assertEquals(Duration.ofMinutes(5), config.job().deadline());
  }

  @Test
  void commandLineWinsOverEnvironmentOverFileOverDefault() throws IOException {
    write("[api]\naddress = \"127.0.0.1:1\"\nmax_requests = 7\n[engine]\nthreads = 3\n");
    Map<String, String> environment =
        Map.of("INFERNET_API_ADDRESS", "127.0.0.1:2", "INFERNET_API_MAX_REQUESTS", "8");
    Map<Setting<?>, ConfigLoader.Flag> flags =
        Map.of(Settings.API_ADDRESS, new ConfigLoader.Flag("--api", "127.0.0.1:3"));

    ResolvedSettings settings = load(environment, flags);

    assertEquals(3, settings.get(Settings.API_ADDRESS).port());
    assertEquals("--api", settings.entry(Settings.API_ADDRESS).source().toString());
    assertEquals(8, settings.get(Settings.API_MAX_REQUESTS));
    assertEquals(
        "INFERNET_API_MAX_REQUESTS", settings.entry(Settings.API_MAX_REQUESTS).source().toString());
    assertEquals(3, settings.get(Settings.ENGINE_THREADS));
    assertEquals(
        home().configFile().toString(),
        settings.entry(Settings.ENGINE_THREADS).source().toString());
    assertEquals("default", settings.entry(Settings.JOB_DEADLINE).source().toString());
  }

  @Test
  void listsComeFromCommasOrArrays() throws IOException {
    write("[models]\nwarm = [\"a\", \"b:int8\"]\n");

    assertEquals(names("a", "b:int8"), load(Map.of(), Map.of()).get(Settings.WARM_MODELS));
    assertEquals(
        names("c", "d"),
        load(Map.of("INFERNET_MODELS_WARM", "c, d"), Map.of()).get(Settings.WARM_MODELS));
    assertEquals(
        List.of(), load(Map.of("INFERNET_MODELS_WARM", ""), Map.of()).get(Settings.WARM_MODELS));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[api]\\naddres = \"x\" | unknown key api.addres: did you mean api.address?",
        "[api]\\ncolour = 1 | unknown key api.colour: [api] has address, key, max_body_bytes",
        "[colour]\\nred = 1 | unknown key colour.red: the tables are api, backend, engine, job",
        "key = 1 | unknown key key: the tables are",
        "[api]\\naddress = 5 | api.address = 5: expected HOST:PORT",
        "[api]\\naddress = \"nonsense\" | api.address = \"nonsense\": expected HOST:PORT",
        "[api]\\nmax_requests = 0 | api.max_requests = 0: expected a whole number from 1 to 10000",
        "[api]\\nmax_requests = 1.5 | api.max_requests = 1.5: expected a whole number",
        "[job]\\ndeadline = 5 | job.deadline = 5: expected a duration from 100ms to 50m",
        "[job]\\ndeadline = \"5\" | job.deadline = \"5\": expected a duration",
        "[node]\\nroles = \"client\" | node.roles = \"client\": expected a list of values, each",
        "[network]\\nname = \"No\" | expected up to 32 lower-case letters, digits and hyphens",
        "[network]\\nmdns = \"yes\" | expected true or false",
        "[network]\\ndht = \"both\" | expected auto, client or server",
        "[node]\\nregion = \"Mars!\" | expected up to 32 lower-case letters, digits and hyphens",
        "[node]\\nrefuses = [\"A b\"] | expected a list of values, each a topic of up to 32",
        "[node]\\nroles = [\"king\"] | node.roles = [\"king\"]: expected a list of values, each provider",
        "[network]\\nlisten = [\"1.2.3.4\"] | expected a list of values, each a multiaddr",
        "[network]\\nbootstrap = [\"/ip4/1.2.3.4/tcp/1\"] | each a multiaddr that ends in /p2p/",
        "[api | config.toml:1: not valid TOML",
      })
  void saysWhatIsWrongInTheFile(String toml, String message) throws IOException {
    write(toml.replace("\\n", "\n"));

    ConfigException e = assertThrows(ConfigException.class, () -> load(Map.of(), Map.of()));

    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().startsWith(home().configFile().toString()), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void saysWhichVariableIsWrong() {
    ConfigException e =
        assertThrows(
            ConfigException.class, () -> load(Map.of("INFERNET_ENGINE_THREADS", "many"), Map.of()));

    assertEquals(
        "the environment variable INFERNET_ENGINE_THREADS=many: expected a whole number from 0 to"
            + " 1024",
        e.getMessage());
  }

  @Test
  void wrongFlagIsAUsageError() {
    UsageException e =
        assertThrows(
            UsageException.class,
            () ->
                load(
                    Map.of(),
                    Map.of(Settings.API_ADDRESS, new ConfigLoader.Flag("--api", "11500"))));

    assertEquals("--api 11500: expected HOST:PORT, such as 127.0.0.1:11500", e.getMessage());
  }

  @Test
  void neverShowsASecret() {
    ResolvedSettings settings = load(Map.of("INFERNET_API_KEY", "hunter2"), Map.of());
    ConfigException e =
        assertThrows(
            ConfigException.class, () -> load(Map.of("INFERNET_API_KEY", "has spaces"), Map.of()));

    assertEquals("(set)", settings.entry(Settings.API_KEY).display());
    assertFalse(e.getMessage().contains("spaces,"), e.getMessage());
    assertFalse(e.getMessage().contains("has spaces"), e.getMessage());
  }

  @Test
  void namesVariablesThatAreNoSettings() {
    ConfigLoader loader =
        new ConfigLoader(
            Map.of(
                "INFERNET_API_KEI",
                "x",
                "INFERNET_HOME",
                "/h",
                "INFERNET_JAVA_OPTS",
                "",
                "PATH",
                "/bin"));

    assertEquals(List.of("INFERNET_API_KEI"), loader.unknownVariables());
  }

  @Test
  void refusesToServeOtherMachinesWithoutAKey() {
    ConfigException e =
        assertThrows(
            ConfigException.class,
            () ->
                NodeConfig.of(
                    home(), load(Map.of("INFERNET_API_ADDRESS", "0.0.0.0:11500"), Map.of())));

    assertTrue(e.getMessage().contains("set INFERNET_API_KEY"), e.getMessage());
    NodeConfig.of(
        home(),
        load(Map.of("INFERNET_API_ADDRESS", "0.0.0.0:11500", "INFERNET_API_KEY", "k"), Map.of()));
  }

  @Test
  void templateChangesNothingAndEveryLineOfItCounts() throws IOException {
    write(HomeSetup.configTemplate());
    assertTrue(
        load(Map.of(), Map.of()).entries().stream()
            .allMatch(entry -> entry.source().kind() == ConfigSource.Kind.DEFAULT));

    write(HomeSetup.configTemplate().replaceAll("(?m)^# ([a-z_0-9]+ = )", "$1"));
    ResolvedSettings settings = load(Map.of(), Map.of());

    for (ResolvedSettings.Entry<?> entry : settings.entries()) {
      assertEquals(ConfigSource.Kind.FILE, entry.source().kind(), entry.setting().key());
      assertEquals(entry.setting().defaultValue(), entry.value(), entry.setting().key());
    }
  }

  private static List<ModelName> names(String... names) {
    return Stream.of(names).map(ModelName::parse).toList();
  }

  private NodeHome home() {
    return new NodeHome(folder);
  }

  private ResolvedSettings load(
      Map<String, String> environment, Map<Setting<?>, ConfigLoader.Flag> flags) {
    return new ConfigLoader(environment).load(home(), flags);
  }

  private void write(String toml) throws IOException {
    Files.writeString(home().configFile(), toml);
  }
}
