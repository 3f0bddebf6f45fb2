/**
 * From one file format to another: Hugging Face folders to GGUF and back, and GGUF to fewer bits.
 *
 * <p>Imports {@code tensor} and the other packages of this module. Start reading at {@link
 * org.puna.model.convert.Convert} and {@link org.puna.model.convert.Quantize}.
 */
@NullMarked
package org.puna.model.convert;

import org.jspecify.annotations.NullMarked;
