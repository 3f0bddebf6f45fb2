/**
 * What all commands share: streams, settings, the model store, progress and failures.
 *
 * <p>Owns the process's standard streams; imports Jackson and {@code model}. Start reading at
 * {@link org.puna.app.cli.Context}.
 */
@NullMarked
package org.puna.app.cli;

import org.jspecify.annotations.NullMarked;
