/**
 * Gradients: runs a graph forward, keeps what its derivatives need, and walks the operations
 * backwards.
 *
 * <p>Imports {@code tensor}. Start reading at {@link org.puna.train.tape.Tape}.
 */
@NullMarked
package org.puna.train.tape;

import org.jspecify.annotations.NullMarked;
