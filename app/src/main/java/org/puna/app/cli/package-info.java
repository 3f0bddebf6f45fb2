/**
 * What all commands share: streams, settings, the model store, progress and failures.
 *
 * <p>Owns the process's standard streams; imports picocli, Jackson and {@code model.config}. Start
 * reading at {@link org.puna.app.cli.Context}.
 */
@NullMarked
package org.puna.app.cli;

import org.jspecify.annotations.NullMarked;
