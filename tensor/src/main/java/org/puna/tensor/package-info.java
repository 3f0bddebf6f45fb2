/**
 * Shapes, dtypes, tensors over memory segments, the closed vocabulary of operations and the
 * backends that run it.
 *
 * <p>Imports the JDK alone. Start reading at {@link org.puna.tensor.Tensor}.
 */
@NullMarked
package org.puna.tensor;

import org.jspecify.annotations.NullMarked;
