/** What a model is (a manifest with a CID) and which models this node has. */
@NullMarked
package io.infernet.inference.model;

import org.jspecify.annotations.NullMarked;
