/**
 * Tests of generation in text.
 *
 * <p>Start reading at {@code StopStringsTest}.
 */
@NullMarked
package org.puna.chat;

import org.jspecify.annotations.NullMarked;
