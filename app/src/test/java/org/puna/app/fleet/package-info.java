/**
 * Tests of the commands on fleets.
 *
 * <p>May import every room. Start reading at {@link org.puna.app.fleet.SimulateCommandTest}.
 */
@NullMarked
package org.puna.app.fleet;

import org.jspecify.annotations.NullMarked;
