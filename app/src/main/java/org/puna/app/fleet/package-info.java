/**
 * The commands that count, plan and simulate fleets.
 *
 * <p>May import every room below {@code app}. Start reading at {@link
 * org.puna.app.fleet.FleetCommand}.
 */
@NullMarked
package org.puna.app.fleet;

import org.jspecify.annotations.NullMarked;
