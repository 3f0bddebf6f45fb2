/**
 * Rows of Parquet files: the footer, the pages of each column one after another, and rows as JSON.
 *
 * <p>Imports {@code model.config}, {@code model.io} and the parts of parquet-java that need no
 * Hadoop. Start reading at {@link org.puna.train.parquet.ParquetFile}.
 */
@NullMarked
package org.puna.train.parquet;

import org.jspecify.annotations.NullMarked;
