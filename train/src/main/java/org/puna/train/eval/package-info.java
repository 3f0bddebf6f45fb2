/**
 * Evaluation: how well a model foresees texts, chooses answers and solves word problems.
 *
 * <p>Owns the tasks and their scores, defined as lm-evaluation-harness defines them; imports {@code
 * engine} and {@code model}'s tokenizers. Start reading at {@link org.puna.train.eval.Tasks}.
 */
@NullMarked
package org.puna.train.eval;

import org.jspecify.annotations.NullMarked;
