/**
 * Tests of the fleet's page.
 *
 * <p>Imports what it tests. Start reading at {@link org.puna.fleet.page.FleetPageTest}.
 */
@NullMarked
package org.puna.fleet.page;

import org.jspecify.annotations.NullMarked;
