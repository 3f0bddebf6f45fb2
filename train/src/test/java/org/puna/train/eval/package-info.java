/** Tests of tasks and their scores. */
@NullMarked
package org.puna.train.eval;

import org.jspecify.annotations.NullMarked;
