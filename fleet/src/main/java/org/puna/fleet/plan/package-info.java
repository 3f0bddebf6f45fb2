/**
 * Plans of training runs and of serving: which layout, how long, at what cost, what breaks.
 *
 * <p>Imports the rest of {@code org.puna.fleet} and {@code org.puna.model.config}. Start reading at
 * {@link org.puna.fleet.plan.Planner}.
 */
@NullMarked
package org.puna.fleet.plan;

import org.jspecify.annotations.NullMarked;
