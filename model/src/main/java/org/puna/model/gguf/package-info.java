/**
 * GGUF, the file format of llama.cpp: metadata and tensors in one file or a few parts.
 *
 * <p>Imports the JDK, {@code tensor} and the packages {@code config} and {@code io} of this module.
 * Start reading at {@link org.puna.model.gguf.GgufFile} and {@link org.puna.model.gguf.GgufWriter}.
 */
@NullMarked
package org.puna.model.gguf;

import org.jspecify.annotations.NullMarked;
