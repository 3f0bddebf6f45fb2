/**
 * Fleet figures held against published ones.
 *
 * <p>May import every room. Start reading at {@link
 * org.puna.checks.fleet.PublishedInterruptionsTest}.
 */
@NullMarked
package org.puna.checks.fleet;

import org.jspecify.annotations.NullMarked;
