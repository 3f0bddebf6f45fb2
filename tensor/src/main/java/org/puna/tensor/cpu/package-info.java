/**
 * The CPU backend: runs a graph operation by operation on float arrays, through one set of {@link
 * org.puna.tensor.cpu.Kernels}, scalar or vectorised.
 *
 * <p>Imports {@code tensor} and {@code tensor.quant}. Start reading at {@link
 * org.puna.tensor.cpu.CpuBackend}.
 */
@NullMarked
package org.puna.tensor.cpu;

import org.jspecify.annotations.NullMarked;
