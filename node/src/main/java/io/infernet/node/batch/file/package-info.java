/**
 * The client's end of a batch: the file of requests that is read line by line, and the file of
 * results that is written in the same order. The input is read more than once: when it is examined,
 * when its items are sent, and beside the results, so that neither ids nor texts are kept in
 * memory. Nothing here knows the network, tokenizers or stores.
 */
@NullMarked
package io.infernet.node.batch.file;

import org.jspecify.annotations.NullMarked;
