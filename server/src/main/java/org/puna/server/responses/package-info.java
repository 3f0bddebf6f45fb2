/**
 * OpenAI's responses: typed items in and out, typed events while they come, and a memory of what
 * was answered.
 *
 * <p>Owns the items and events; imports {@code chat}, {@code server.http}, {@code server.openai}
 * for fields that chat completions share, and {@code server.serving}. Start reading at {@link
 * org.puna.server.responses.Responses}.
 */
@NullMarked
package org.puna.server.responses;

import org.jspecify.annotations.NullMarked;
