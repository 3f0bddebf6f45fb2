/**
 * Checks that need the whole house: published fixtures, rules over all modules, documents that
 * tests write.
 *
 * <p>May import everything. Start reading at {@link org.puna.checks.rules.HouseRules} and {@link
 * org.puna.checks.Published}.
 */
@NullMarked
package org.puna.checks;

import org.jspecify.annotations.NullMarked;
