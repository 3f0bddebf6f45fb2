/**
 * Models of this process as LangChain4j's: chat, streaming chat, embeddings, token counts.
 *
 * <p>Imports {@code chat} and what it shows of {@code engine} and {@code model}. Start reading at
 * {@link org.puna.langchain4j.PunaChatModel}.
 */
@NullMarked
package org.puna.langchain4j;

import org.jspecify.annotations.NullMarked;
