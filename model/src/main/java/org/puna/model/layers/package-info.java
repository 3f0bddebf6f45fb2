/**
 * The parts that architectures share: embedding, attention, feed-forward networks, experts, the
 * head, and the frequencies of rotary embeddings.
 *
 * <p>Imports {@code tensor} and {@code model.config}. Start reading at {@link
 * org.puna.model.layers.Blocks}.
 */
@NullMarked
package org.puna.model.layers;

import org.jspecify.annotations.NullMarked;
