/**
 * The commands that look at models and keep the local store.
 *
 * <p>May import every room below {@code app}. Start reading at {@link
 * org.puna.app.models.ModelsCommand}.
 */
@NullMarked
package org.puna.app.models;

import org.jspecify.annotations.NullMarked;
