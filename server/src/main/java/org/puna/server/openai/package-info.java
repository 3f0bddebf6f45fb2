/**
 * OpenAI's API: models, chat completions, completions, embeddings and responses.
 *
 * <p>Owns its fields and wire shapes; imports {@code chat}, {@code engine}, {@code server.http} and
 * {@code server.serving}. Start reading at {@link org.puna.server.openai.ChatCompletions}.
 */
@NullMarked
package org.puna.server.openai;

import org.jspecify.annotations.NullMarked;
