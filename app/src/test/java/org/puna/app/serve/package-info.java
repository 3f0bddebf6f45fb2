/**
 * Tests of serving.
 *
 * <p>Start reading at {@link org.puna.app.serve.KeysWatchTest}.
 */
@NullMarked
package org.puna.app.serve;

import org.jspecify.annotations.NullMarked;
