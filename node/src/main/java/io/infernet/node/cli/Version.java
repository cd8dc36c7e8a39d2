package io.infernet.node.cli;

import io.infernet.node.NodeVersion;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    return new String[] {"infernet " + NodeVersion.number()};
  }
}
