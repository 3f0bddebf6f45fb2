/**
 * Tests of the model that ships.
 *
 * <p>Start reading at {@code ShippedModelTest}.
 */
@NullMarked
package org.puna.models;

import org.jspecify.annotations.NullMarked;
