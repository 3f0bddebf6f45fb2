/**
 * What constraints cost on a published vocabulary.
 *
 * <p>May import everything. Start reading at {@link org.puna.checks.constraint.MaskCost}.
 */
@NullMarked
package org.puna.checks.constraint;

import org.jspecify.annotations.NullMarked;
