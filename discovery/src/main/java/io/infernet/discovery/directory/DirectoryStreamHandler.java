package io.infernet.discovery.directory;

import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.ProtocolViolationException;
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
    if (!directory.mayAsk(remote)) {
      stream.reset();
    } else if (!heard && message instanceof DirectoryMessage.Query query) {
      heard = true;
      stream.send(directory.answer(query, remote));
      stream.closeWrite();
    } else {
      stream.reset();
      onReset(new ProtocolViolationException("that is no query, or one too many"));
    }
  }

  @Override
  public void onRemoteClose() {
    stream.closeWrite();
  }

  @Override
  public void onReset(Throwable cause) {
    directory.distrust(stream.stream().connection().remotePeer(), cause);
  }
}
