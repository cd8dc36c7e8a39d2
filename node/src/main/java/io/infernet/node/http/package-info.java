/**
 * The local HTTP API in OpenAI's shapes, on Javalin: reads requests strictly, hands jobs to {@code
 * node.job}, and writes answers, event streams and error objects.
 */
@NullMarked
package io.infernet.node.http;

import org.jspecify.annotations.NullMarked;
