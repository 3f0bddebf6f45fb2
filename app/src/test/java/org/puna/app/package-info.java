/**
 * Tests of the command line, end to end in this process.
 *
 * <p>Start reading at {@link org.puna.app.Shell}.
 */
@NullMarked
package org.puna.app;

import org.jspecify.annotations.NullMarked;
