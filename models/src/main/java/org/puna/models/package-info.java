/**
 * The small model that ships with Puna, with its card and the report of its run.
 *
 * <p>Imports nothing. Start reading at {@link org.puna.models.ShippedModel}.
 */
@NullMarked
package org.puna.models;

import org.jspecify.annotations.NullMarked;
