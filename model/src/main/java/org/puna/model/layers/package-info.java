/**
 * The parts that architectures share: embedding, attention, feed-forward networks, experts, the
 * head, the frequencies of rotary embeddings, and the orders in which they follow each other.
 *
 * <p>Imports {@code tensor} and {@code model.config}. Start reading at {@link
 * org.puna.model.layers.Blocks}.
 */
@NullMarked
package org.puna.model.layers;

import org.jspecify.annotations.NullMarked;
