/**
 * The kernels in the JDK's Vector API, the one package that may touch the incubator module.
 *
 * <p>Imports {@code tensor}, {@code tensor.quant} and {@code tensor.cpu}. Start reading at {@link
 * org.puna.tensor.cpu.vector.VectorKernels}.
 */
@NullMarked
package org.puna.tensor.cpu.vector;

import org.jspecify.annotations.NullMarked;
