/**
 * Tests of the commands that run a model.
 *
 * <p>Start reading at {@code ChatSessionTest}.
 */
@NullMarked
package org.puna.app.run;

import org.jspecify.annotations.NullMarked;
