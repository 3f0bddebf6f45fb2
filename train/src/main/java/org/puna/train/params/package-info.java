/**
 * The weights of a model in training: which of them are trained, their gradients, their first
 * values.
 *
 * <p>Imports {@code tensor}, {@code model}. Start reading at {@link
 * org.puna.train.params.Parameters}.
 */
@NullMarked
package org.puna.train.params;

import org.jspecify.annotations.NullMarked;
