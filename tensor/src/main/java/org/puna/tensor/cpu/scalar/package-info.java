/**
 * Plain loops: the meaning of every kernel, and the oracle of its vectorised twin.
 *
 * <p>Imports {@code tensor}, {@code tensor.quant} and {@code tensor.cpu}. Start reading at {@link
 * org.puna.tensor.cpu.scalar.ScalarKernels}.
 */
@NullMarked
package org.puna.tensor.cpu.scalar;

import org.jspecify.annotations.NullMarked;
