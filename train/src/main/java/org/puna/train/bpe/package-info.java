/**
 * Learns a byte-level BPE vocabulary from text, as the Hugging Face trainer does.
 *
 * <p>Imports {@code model.tokenizer}. Start reading at {@link org.puna.train.bpe.BpeTrainer}.
 */
@NullMarked
package org.puna.train.bpe;

import org.jspecify.annotations.NullMarked;
