package io.infernet.discovery.gossip;

/**
 * What a router has done since it was made.
 *
 * @param published own messages
 * @param delivered messages of others that were valid and new
 * @param duplicates copies that came after the first one
 * @param receivedBytes bytes of all messages that came, copies included
 * @param invalid messages that were not signed by their authors, or refused by a validator
 * @param asked messages that were asked for after they had been announced
 * @param dropped RPCs that were not sent because the peer was too slow
 */
public record GossipStatistics(
    long published,
    long delivered,
    long duplicates,
    long receivedBytes,
    long invalid,
    long asked,
    long dropped) {}
