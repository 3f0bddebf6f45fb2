/** Tests of model cards. */
@NullMarked
package org.puna.train.release;

import org.jspecify.annotations.NullMarked;
