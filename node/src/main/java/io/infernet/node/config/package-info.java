/**
 * Settings and the home folder: where each value comes from (command line, environment, file,
 * default), the identity file, the lock that keeps two nodes out of one home, and the note by which
 * commands find the running node.
 */
@NullMarked
package io.infernet.node.config;

import org.jspecify.annotations.NullMarked;
