/**
 * Training held against runs of PyTorch.
 *
 * <p>Imports {@code train}, {@code model}, {@code tensor}. Start reading at {@link
 * org.puna.train.golden.GoldenRunsTest}.
 */
@NullMarked
package org.puna.train.golden;

import org.jspecify.annotations.NullMarked;
