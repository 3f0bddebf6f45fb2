/**
 * What is minimised: the output head fused with cross-entropy, distillation and preference losses,
 * in chunks of rows, so that the logits of a whole batch are never stored.
 *
 * <p>Imports {@code tensor} and {@code model.config}. Start reading at {@link
 * org.puna.train.loss.Head}.
 */
@NullMarked
package org.puna.train.loss;

import org.jspecify.annotations.NullMarked;
