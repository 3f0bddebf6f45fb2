/**
 * The models behind the server's names.
 *
 * <p>Owns loading on first use, unloading under a memory budget, and the bounded queue before each
 * model; imports {@code chat}, {@code engine}, {@code model} and {@code tensor}. Start reading at
 * {@link org.puna.server.serving.ModelRegistry}.
 */
@NullMarked
package org.puna.server.serving;

import org.jspecify.annotations.NullMarked;
