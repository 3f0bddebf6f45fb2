/**
 * How long one training iteration takes for a given layout, and how the model's constants are
 * fitted to measurements.
 *
 * <p>Imports {@code org.puna.model.config} and the catalogue of {@code org.puna.fleet}. Start
 * reading at {@link org.puna.fleet.estimate.IterationModel}.
 */
@NullMarked
package org.puna.fleet.estimate;

import org.jspecify.annotations.NullMarked;
