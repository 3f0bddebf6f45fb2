/**
 * Tests of generation in text.
 *
 * <p>Start reading at {@code ChatModelTest}; {@code Script} is its model.
 */
@NullMarked
package org.puna.chat;

import org.jspecify.annotations.NullMarked;
