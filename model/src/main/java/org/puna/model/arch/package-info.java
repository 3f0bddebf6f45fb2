/**
 * One class per architecture: how its configuration is written in Hugging Face folders and in GGUF,
 * what its weights are called there, and its forward pass.
 *
 * <p>Imports {@code tensor} and the packages {@code config}, {@code gguf}, {@code layers} and
 * {@code weights} of this module, and Jackson. Start reading at {@link
 * org.puna.model.arch.Architectures} and {@link org.puna.model.arch.Llama}.
 */
@NullMarked
package org.puna.model.arch;

import org.jspecify.annotations.NullMarked;
