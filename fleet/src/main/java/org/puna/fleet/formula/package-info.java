/**
 * The planner's formulas, one a file, each with its source and a test against a published number.
 *
 * <p>Imports {@code org.puna.model.config} alone. Start reading at {@link
 * org.puna.fleet.formula.TrainingTime}.
 */
@NullMarked
package org.puna.fleet.formula;

import org.jspecify.annotations.NullMarked;
