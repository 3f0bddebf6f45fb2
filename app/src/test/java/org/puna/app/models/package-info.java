/**
 * Tests of the commands that look at models and write them.
 *
 * <p>Start reading at {@code WriteCommandsTest}.
 */
@NullMarked
package org.puna.app.models;

import org.jspecify.annotations.NullMarked;
