/**
 * Generation: a scheduler with continuous batching over a paged key-value cache with shared
 * prefixes, sampling, and scoring. Token ids in, token ids out.
 *
 * <p>Imports {@code tensor} and {@code model}; knows no text and no HTTP. Start reading at {@link
 * org.puna.engine.Engine}, then {@code Scheduler}.
 */
@NullMarked
package org.puna.engine;

import org.jspecify.annotations.NullMarked;
