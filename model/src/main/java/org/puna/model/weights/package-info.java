/**
 * From the tensors of a file to the weights of a model: how canonical weights are laid out in GGUF
 * and in Hugging Face folders, and views or copies that undo the difference.
 *
 * <p>Canonical names are GGUF's. A weight matrix is {@code [out, in]}, experts are {@code [E, out,
 * in]}. Imports {@code tensor} and the packages {@code config}, {@code layers} and {@code io} of
 * this module. Start reading at {@link org.puna.model.weights.Weights} and {@link
 * org.puna.model.weights.Stored}.
 */
@NullMarked
package org.puna.model.weights;

import org.jspecify.annotations.NullMarked;
