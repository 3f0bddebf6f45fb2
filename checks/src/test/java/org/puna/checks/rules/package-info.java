/**
 * The rules of the house, each with a planted class that breaks it.
 *
 * <p>May import everything. Start reading at {@link org.puna.checks.rules.HouseRules}.
 */
@NullMarked
package org.puna.checks.rules;

import org.jspecify.annotations.NullMarked;
