/** What `infernet doctor` looks at: whether this machine and this home can do their work. */
@NullMarked
package io.infernet.node.doctor;

import org.jspecify.annotations.NullMarked;
