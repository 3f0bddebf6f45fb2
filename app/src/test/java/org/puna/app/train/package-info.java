/**
 * Tests of the commands that train.
 *
 * <p>Imports what it tests. Start reading at {@link org.puna.app.train.TrainCommandsTest}.
 */
@NullMarked
package org.puna.app.train;

import org.jspecify.annotations.NullMarked;
