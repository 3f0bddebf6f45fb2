/**
 * Anthropic's API: messages, and the count of their tokens.
 *
 * <p>Owns its blocks and events; imports {@code chat}, {@code server.http}, {@code
 * server.answering} and {@code server.serving}. Start reading at {@link
 * org.puna.server.anthropic.Messages}.
 */
@NullMarked
package org.puna.server.anthropic;

import org.jspecify.annotations.NullMarked;
