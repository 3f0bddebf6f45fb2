/**
 * Tests of what all commands share.
 *
 * <p>Start reading at {@link org.puna.app.cli.ModelStore}'s test.
 */
@NullMarked
package org.puna.app.cli;

import org.jspecify.annotations.NullMarked;
