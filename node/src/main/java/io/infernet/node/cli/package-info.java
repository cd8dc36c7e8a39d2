/**
 * The command line: translates verbs and flags into settings and requests, prints answers, and maps
 * errors to one line and an exit code. Nothing is decided here that a library user would miss.
 */
@NullMarked
package io.infernet.node.cli;

import org.jspecify.annotations.NullMarked;
