/**
 * From texts to token shards: documents, duplicates, a held-out split, windows in a seeded order.
 *
 * <p>Imports {@code model.tokenizer}, {@code model.config}, {@code train.parquet}, {@code
 * train.tape}, {@code train.bpe}. Start reading at {@link org.puna.train.data.Preparation}.
 */
@NullMarked
package org.puna.train.data;

import org.jspecify.annotations.NullMarked;
