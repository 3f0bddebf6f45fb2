/**
 * Training held against published data.
 *
 * <p>Imports every room. Start reading at {@link org.puna.checks.train.BpeTrainerCheckTest}.
 */
@NullMarked
package org.puna.checks.train;

import org.jspecify.annotations.NullMarked;
