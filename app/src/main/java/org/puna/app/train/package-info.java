/**
 * The commands that train, adapt, measure and release models.
 *
 * <p>Imports {@code app.cli}, {@code train} and the rooms below. Start reading at {@link
 * org.puna.app.train.TrainCommand}.
 */
@NullMarked
package org.puna.app.train;

import org.jspecify.annotations.NullMarked;
