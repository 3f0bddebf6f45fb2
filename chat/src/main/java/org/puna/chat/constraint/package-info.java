/**
 * What an answer must look like: JSON Schema, grammars and regular expressions, compiled to masks
 * over token ids.
 *
 * <p>Imports {@code engine} for its {@link org.puna.engine.Constraint}, and {@code model}. Start
 * reading at {@link org.puna.chat.constraint.Grammar}, then {@link
 * org.puna.chat.constraint.Automaton}.
 */
@NullMarked
package org.puna.chat.constraint;

import org.jspecify.annotations.NullMarked;
