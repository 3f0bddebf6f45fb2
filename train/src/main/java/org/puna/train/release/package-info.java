/**
 * Release: what a trained model is given away with.
 *
 * <p>Owns the model card; imports {@code train.run} for the journal of a run and {@code model} for
 * its shape. Start reading at {@link org.puna.train.release.ModelCard}.
 */
@NullMarked
package org.puna.train.release;

import org.jspecify.annotations.NullMarked;
