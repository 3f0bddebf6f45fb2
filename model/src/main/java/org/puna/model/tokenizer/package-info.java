/**
 * Text to token ids and back: byte-level BPE, SentencePiece, WordPiece, and the files that hold
 * their vocabularies (tokenizer.json, tiktoken and SentencePiece models, GGUF metadata).
 *
 * <p>Imports the JDK, Jackson and {@code org.puna.model.config}. Start reading at {@link
 * org.puna.model.tokenizer.Tokenizer}.
 */
@NullMarked
package org.puna.model.tokenizer;

import org.jspecify.annotations.NullMarked;
