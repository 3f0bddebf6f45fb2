/**
 * Recomputes every fixture that others answered and keeps {@code docs/correctness.md} true.
 *
 * <p>May import everything. Start reading at {@link org.puna.checks.correctness.CorrectnessTest}.
 */
@NullMarked
package org.puna.checks.correctness;

import org.jspecify.annotations.NullMarked;
