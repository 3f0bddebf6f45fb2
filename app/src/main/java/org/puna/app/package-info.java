/**
 * The command line: {@code main}, the list of commands, and all the wiring with {@code new}.
 *
 * <p>May import every room; nothing imports it but {@code checks}. Start reading at {@link
 * org.puna.app.Main}, then {@link org.puna.app.Commands}.
 */
@NullMarked
package org.puna.app;

import org.jspecify.annotations.NullMarked;
