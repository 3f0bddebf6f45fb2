/**
 * Chat templates: a sandboxed interpreter of the Jinja language that models carry to lay out their
 * conversations, with the settings and extra functions of transformers.
 *
 * <p>Imports {@link org.puna.model.config.BadInput} and the JDK alone; templates reach neither
 * files nor Java classes, and every loop, recursion and allocation is bounded by {@code Limits}.
 *
 * <p>Start reading at {@link org.puna.model.chat.ChatTemplate}; a template passes through {@code
 * Lexer}, {@code Parser} and {@code Frames} once and through {@code Interpreter} at each rendering.
 */
@NullMarked
package org.puna.model.chat;

import org.jspecify.annotations.NullMarked;
