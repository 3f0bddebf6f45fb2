/**
 * How weights follow their gradients: AdamW, Muon, clipping, learning-rate schedules.
 *
 * <p>Imports {@code tensor} and {@code train.params}. Start reading at {@link
 * org.puna.train.optim.Optimizer}.
 */
@NullMarked
package org.puna.train.optim;

import org.jspecify.annotations.NullMarked;
