/**
 * A training run: recipe, steps, checkpoints, measures, report.
 *
 * <p>Imports {@code tensor}, {@code model} and the other packages of {@code train}. Start reading
 * at {@link org.puna.train.run.TrainingRun}.
 */
@NullMarked
package org.puna.train.run;

import org.jspecify.annotations.NullMarked;
