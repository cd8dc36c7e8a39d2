package io.infernet.node.cli;

import io.infernet.node.config.HomeSetup;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet init}. */
@Command(
    name = "init",
    description =
        "Makes the home folder, the identity and a commented config.toml; safe to run again.")
final class InitCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;

  @Mixin private JsonOption json = new JsonOption();

  InitCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    HomeSetup.Result result = HomeSetup.ensure(global.home(), new SecureRandom(), global::warn);
    if (json.wanted()) {
      var created = Json.array();
      result.created().forEach(path -> created.add(path.toString()));
      context
          .out()
          .println(
              Json.line(
                  Json.object()
                      .put("home", global.home().toString())
                      .put("peer_id", result.peerId().toString())
                      .set("created", created)));
      return 0;
    }
    for (Path path : result.created()) {
      context.out().println("made     " + path);
    }
    if (result.created().isEmpty()) {
      context.out().println("nothing to do: " + global.home() + " is set up");
    }
    context.out().println("peer id  " + result.peerId());
    return 0;
  }
}
