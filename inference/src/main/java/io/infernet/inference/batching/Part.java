package io.infernet.inference.batching;

/** One answer's share of a step. */
record Part(Answer answer, Chunk chunk) {}
