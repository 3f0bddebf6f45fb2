/**
 * The block formats that weights are stored in, one file each, with their scalar decoding and
 * encoding.
 *
 * <p>Imports the JDK alone. Start reading at {@link org.puna.tensor.quant.BlockFormat}.
 */
@NullMarked
package org.puna.tensor.quant;

import org.jspecify.annotations.NullMarked;
