/**
 * Tests of the commands on text.
 *
 * <p>Start reading at {@code TokenizeCommandTest}.
 */
@NullMarked
package org.puna.app.text;

import org.jspecify.annotations.NullMarked;
