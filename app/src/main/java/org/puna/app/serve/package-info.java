/**
 * The commands {@code serve} and {@code keys}.
 *
 * <p>Owns their options and how a server starts and stops with its process; imports {@code
 * org.puna.server} and {@code app.cli}. Start reading at {@link org.puna.app.serve.ServeCommand}.
 */
@NullMarked
package org.puna.app.serve;

import org.jspecify.annotations.NullMarked;
