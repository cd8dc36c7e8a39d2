package io.infernet.node.job;

import io.infernet.libp2p.host.MessageListener;
import io.infernet.libp2p.host.MessageStream;
import io.infernet.libp2p.host.Stream;
import io.infernet.libp2p.simulation.VirtualTime;
import io.infernet.node.job.wire.JobCodec;
import io.infernet.node.job.wire.JobLimits;
import io.infernet.node.job.wire.JobMessage;
import io.infernet.node.job.wire.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** One end of a job's stream that says what a test wants and remembers what it hears. */
final class RawStream implements MessageListener<JobMessage> {

  final MessageStream<JobMessage> messages;
  final List<JobMessage> heard = new ArrayList<>();
  boolean remoteClosed;
  boolean reset;
  private final Consumer<JobMessage> onMessage;

  RawStream(Stream stream, VirtualTime time, Consumer<JobMessage> onMessage) {
    this.messages = new MessageStream<>(stream, new JobCodec(JobLimits.defaults()), time);
    this.onMessage = onMessage;
    messages.listen(this);
  }

  @Override
  public void onMessage(JobMessage message) {
    heard.add(message);
    onMessage.accept(message);
  }

  @Override
  public void onRemoteClose() {
    remoteClosed = true;
  }

  @Override
  public void onReset(Throwable cause) {
    reset = true;
  }

  <M extends JobMessage> List<M> of(Class<M> kind) {
    return heard.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  Refusal refusal() {
    return of(JobMessage.Refused.class).get(0).refusal();
  }
}
