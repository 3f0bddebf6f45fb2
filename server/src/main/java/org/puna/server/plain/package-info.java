/**
 * Endpoints that belong to no maker's API: tokens, templates, reranking, health, metrics.
 *
 * <p>Owns their wire shapes, which follow llama.cpp's and vLLM's servers where both agree; imports
 * {@code chat}, {@code server.http}, {@code server.serving} and {@code server.metrics}. Start
 * reading at {@link org.puna.server.plain.Tokens}.
 */
@NullMarked
package org.puna.server.plain;

import org.jspecify.annotations.NullMarked;
