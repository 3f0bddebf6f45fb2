/**
 * Conversations with a model: messages and tools in, text, reasoning and tool calls out. It renders
 * the chat template, encodes, reads the stream as text, finds stop strings, and tells reasoning and
 * calls from the answer.
 *
 * <p>Imports {@code engine} and {@code model}. Start reading at {@link org.puna.chat.ChatModel};
 * {@link org.puna.chat.TextGeneration} is the same without a conversation. Texts as vectors, and
 * how well two texts belong together, are {@link org.puna.chat.Embedder} and {@link
 * org.puna.chat.Reranker}.
 */
@NullMarked
package org.puna.chat;

import org.jspecify.annotations.NullMarked;
