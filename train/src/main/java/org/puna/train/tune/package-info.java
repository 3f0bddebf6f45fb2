/**
 * Trains a model further: conversations, adapters, a teacher, preferences.
 *
 * <p>Imports {@code model} and the other packages of {@code train}. Start reading at {@link
 * org.puna.train.tune.FineTuning}.
 */
@NullMarked
package org.puna.train.tune;

import org.jspecify.annotations.NullMarked;
