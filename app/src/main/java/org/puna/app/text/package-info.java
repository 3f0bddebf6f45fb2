/**
 * The commands on text: {@code tokenize} and {@code template}.
 *
 * <p>May import every room below {@code app}. Start reading at {@link
 * org.puna.app.text.TokenizeCommand}.
 */
@NullMarked
package org.puna.app.text;

import org.jspecify.annotations.NullMarked;
