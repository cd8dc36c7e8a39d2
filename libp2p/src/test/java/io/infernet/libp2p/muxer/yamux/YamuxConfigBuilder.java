package io.infernet.libp2p.muxer.yamux;

import java.time.Duration;
import java.util.function.Consumer;

/** The default config with some values changed. */
final class YamuxConfigBuilder {

  int maxInboundStreams;
  int maxOutboundStreams;
  int maxUnackedStreams;
  int maxWaitingOpens;
  int maxStreamWindow;
  int maxWindowGrowth;
  int maxBufferedBytes;
  int maxQueuedBytes;
  int maxFramePayload;
  int maxPingsPerSecond;
  int maxUnsentControlBytes;
  Duration keepAliveInterval;
  Duration keepAliveTimeout;

  private YamuxConfigBuilder(YamuxConfig config) {
    maxInboundStreams = config.maxInboundStreams();
    maxOutboundStreams = config.maxOutboundStreams();
    maxUnackedStreams = config.maxUnackedStreams();
    maxWaitingOpens = config.maxWaitingOpens();
    maxStreamWindow = config.maxStreamWindow();
    maxWindowGrowth = config.maxWindowGrowth();
    maxBufferedBytes = config.maxBufferedBytes();
    maxQueuedBytes = config.maxQueuedBytes();
    maxFramePayload = config.maxFramePayload();
    maxPingsPerSecond = config.maxPingsPerSecond();
    maxUnsentControlBytes = config.maxUnsentControlBytes();
    keepAliveInterval = config.keepAliveInterval();
    keepAliveTimeout = config.keepAliveTimeout();
  }

  static YamuxConfig with(Consumer<YamuxConfigBuilder> change) {
    YamuxConfigBuilder builder = new YamuxConfigBuilder(YamuxConfig.defaults());
    change.accept(builder);
    return new YamuxConfig(
        builder.maxInboundStreams,
        builder.maxOutboundStreams,
        builder.maxUnackedStreams,
        builder.maxWaitingOpens,
        builder.maxStreamWindow,
        builder.maxWindowGrowth,
        builder.maxBufferedBytes,
        builder.maxQueuedBytes,
        builder.maxFramePayload,
        builder.maxPingsPerSecond,
        builder.maxUnsentControlBytes,
        builder.keepAliveInterval,
        builder.keepAliveTimeout);
  }
}
