/**
 * Tests of plans and of predictions beside published tables. May import the room itself and the
 * configuration of models. Start reading at {@link org.puna.fleet.plan.PublishedTablesTest}.
 */
@NullMarked
package org.puna.fleet.plan;

import org.jspecify.annotations.NullMarked;
