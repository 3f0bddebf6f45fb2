/**
 * Low-rank adapters: beside a frozen weight, full or quantised, two thin trained ones; in the files
 * of the peft library.
 *
 * <p>Imports {@code tensor}, {@code model}, {@code train.params}. Start reading at {@link
 * org.puna.train.lora.Adapters}.
 */
@NullMarked
package org.puna.train.lora;

import org.jspecify.annotations.NullMarked;
