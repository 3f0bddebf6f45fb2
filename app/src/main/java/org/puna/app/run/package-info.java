/**
 * The commands that run a model: {@code run}, {@code logits}, {@code perplexity}, {@code bench}.
 *
 * <p>May import every room below {@code app}. Start reading at {@link
 * org.puna.app.run.SamplingOptions}.
 */
@NullMarked
package org.puna.app.run;

import org.jspecify.annotations.NullMarked;
