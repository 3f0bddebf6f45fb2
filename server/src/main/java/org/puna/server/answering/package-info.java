/**
 * What the chat APIs have in common: sampling fields, answers read side by side, errors of models.
 *
 * <p>Owns no wire shape; imports {@code chat}, {@code engine}, {@code server.http} and {@code
 * server.serving}. Start reading at {@link org.puna.server.answering.Answers}.
 */
@NullMarked
package org.puna.server.answering;

import org.jspecify.annotations.NullMarked;
