package io.infernet.discovery.gossip;

import io.infernet.discovery.gossip.wire.MessageId;

/**
 * What became of a message of this node's own.
 *
 * @param id what it is called
 * @param peers how many peers it is being sent to; none when nobody connected is subscribed
 */
public record PublishResult(MessageId id, int peers) {}
