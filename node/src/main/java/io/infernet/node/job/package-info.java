/**
 * Jobs: the one path by which every front end gets an answer ({@link
 * io.infernet.node.job.ChatService}), the client that runs a job at providers and goes to the next
 * one when one dies, and the provider that makes answers for others.
 */
@NullMarked
package io.infernet.node.job;

import org.jspecify.annotations.NullMarked;
