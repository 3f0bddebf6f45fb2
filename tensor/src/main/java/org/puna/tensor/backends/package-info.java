/**
 * The one visible list of backends, and the choice between them.
 *
 * <p>Imports all of {@code tensor}. Start reading at {@link org.puna.tensor.backends.Backends}.
 */
@NullMarked
package org.puna.tensor.backends;

import org.jspecify.annotations.NullMarked;
