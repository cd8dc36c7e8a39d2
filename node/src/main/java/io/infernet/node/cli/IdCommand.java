package io.infernet.node.cli;

import io.infernet.libp2p.peer.EvmAddress;
import io.infernet.libp2p.peer.KeyType;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PublicKey;
import io.infernet.node.config.HomeSetup;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infernet id}. */
@Command(name = "id", description = "Shows this node's peer id.")
final class IdCommand implements Callable<Integer> {

  private final CliContext context;
  private final GlobalOptions global;

  @Mixin private JsonOption json = new JsonOption();

  IdCommand(CliContext context, GlobalOptions global) {
    this.context = context;
    this.global = global;
  }

  @Override
  public Integer call() {
    PublicKey key = HomeSetup.identity(global.home(), global::warn).publicKey();
    PeerId peerId = PeerId.of(key);
    if (json.wanted()) {
      var object = Json.object().put("peer_id", peerId.toString());
      if (key.type() == KeyType.SECP256K1) {
        object.put("evm_address", EvmAddress.of(key).toString());
      }
      context.out().println(Json.line(object));
    } else {
      context.out().println(peerId);
    }
    return 0;
  }
}
