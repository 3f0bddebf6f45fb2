/**
 * Tokenizers against files and answers that others published.
 *
 * <p>May import everything. Start reading at {@link
 * org.puna.checks.tokenizer.PublishedTokenizersTest}.
 */
@NullMarked
package org.puna.checks.tokenizer;

import org.jspecify.annotations.NullMarked;
