/**
 * Generation in text: what the engine does with token ids, as text with stop strings.
 *
 * <p>Imports {@code engine} and {@code model}. Start reading at {@link
 * org.puna.chat.TextGeneration}.
 */
@NullMarked
package org.puna.chat;

import org.jspecify.annotations.NullMarked;
