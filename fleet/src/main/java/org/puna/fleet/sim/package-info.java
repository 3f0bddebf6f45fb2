/**
 * A discrete-event simulation of a fleet of accelerators: jobs wait, are placed, preempted,
 * interrupted by failures and restarted, and every chip-hour is accounted for.
 *
 * <p>Imports {@code org.puna.fleet}, {@code org.puna.model.config} and libraries for CSV. Start
 * reading at {@link org.puna.fleet.sim.Simulation}.
 */
@NullMarked
package org.puna.fleet.sim;

import org.jspecify.annotations.NullMarked;
