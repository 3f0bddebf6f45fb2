/**
 * A copy of the house in which every rule is broken once, so that a rule that cannot fail is found.
 *
 * <p>Imports what it must not; its sub-packages are not null-marked. Start reading at {@code
 * org.puna.checks.rules.HouseRulesTest}.
 */
@NullMarked
package org.puna.checks.planted;

import org.jspecify.annotations.NullMarked;
