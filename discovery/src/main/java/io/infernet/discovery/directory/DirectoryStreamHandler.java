package io.infernet.discovery.directory;

import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.peer.PeerId;

/** One inbound stream of the directory: a query and its answer. Runs on the service's executor. */
final class DirectoryStreamHandler implements MessageListener<DirectoryMessage> {

  private final Directory directory;
  private final MessageStream<DirectoryMessage> stream;
  private boolean heard;

  DirectoryStreamHandler(Directory directory, MessageStream<DirectoryMessage> stream) {
    this.directory = directory;
    this.stream = stream;
  }

  @Override
  public void onMessage(DirectoryMessage message) {
    PeerId remote = stream.stream().connection().remotePeer();
    if (heard || !directory.mayAsk(remote)) {
      stream.reset();
      return;
    }
    heard = true;
    if (message instanceof DirectoryMessage.Query query) {
      stream.send(directory.answer(query, remote));
      stream.closeWrite();
    } else {
      stream.reset();
    }
  }

  @Override
  public void onRemoteClose() {
    stream.closeWrite();
  }

  @Override
  public void onReset(Throwable cause) {}
}
