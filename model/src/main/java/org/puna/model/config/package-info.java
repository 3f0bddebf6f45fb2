/**
 * What a model is, in numbers: its configuration and the formulas of its size and work.
 *
 * <p>Imports the JDK alone, so that planning needs no engine. Start reading at {@link
 * org.puna.model.config.ModelConfig}.
 */
@NullMarked
package org.puna.model.config;

import org.jspecify.annotations.NullMarked;
