package io.infernet.discovery.simulation;

import java.time.Duration;
import java.util.Set;

/**
 * What came of a {@link GossipSimulation}. Subscribers are all nodes but the hostile ones; each
 * message is to reach all of them but its publisher.
 *
 * @param seed that it follows from
 * @param attacks what hostile nodes did
 * @param subscribers droppers included, those that failed not
 * @param droppers of them
 * @param failed nodes beside that lost power
 * @param attackers hostile nodes beside
 * @param messages published
 * @param messageSize bytes of one
 * @param connections of a subscriber, on average, when messages were published
 * @param meshSize peers in a subscriber's mesh, likewise
 * @param reached share of deliveries that happened within six heartbeats
 * @param reachedEver share of deliveries that happened at all
 * @param victimsReached as {@code reached}, for the victims of an eclipse; 1 without one
 * @param medianMillis until a message was delivered
 * @param p99Millis likewise
 * @param maxMillis likewise
 * @param copies of a message that a subscriber received, on average
 * @param bytesPerNode all that was sent for a message and meanwhile, by all nodes, per node
 * @param overhead the same in sizes of the message
 * @param hostileInMesh share of subscribers' mesh peers that are hostile, at the end
 * @param hostileIgnored share of hostile neighbours that subscribers do not listen to any more, at
 *     the end
 * @param honestIgnored share of other neighbours that they do not listen to, at the end
 * @param simulated how much time passed in the network
 * @param wall how long it took to simulate
 * @param traceHash of everything that was sent
 */
public record GossipResult(
    long seed,
    Set<GossipAttack> attacks,
    int subscribers,
    int droppers,
    int failed,
    int attackers,
    int messages,
    int messageSize,
    double connections,
    double meshSize,
    double reached,
    double reachedEver,
    double victimsReached,
    double medianMillis,
    double p99Millis,
    double maxMillis,
    double copies,
    double bytesPerNode,
    double overhead,
    double hostileInMesh,
    double hostileIgnored,
    double honestIgnored,
    Duration simulated,
    Duration wall,
    long traceHash) {}
