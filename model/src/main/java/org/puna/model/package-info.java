/**
 * A model as it lies on disk, whatever the format: configuration, weights, tokenizer, template and
 * defaults of generation under one roof.
 *
 * <p>Imports {@code tensor} and the other packages of this module. Start reading at {@link
 * org.puna.model.Checkpoint}.
 */
@NullMarked
package org.puna.model;

import org.jspecify.annotations.NullMarked;
