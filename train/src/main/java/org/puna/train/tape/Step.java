package org.puna.train.tape;

import org.puna.tensor.Op;
import org.puna.tensor.Value;

/**
 * One piece of work of a tape, on numbered buffers; a buffer of −1 is absent.
 *
 * @param kind what is done
 * @param op the operation, or for {@link Kind#ADD} and {@link Kind#COPY} the one that caused it
 * @param value whose rows and columns the work has: the operation's output, or the value whose
 *     gradient is moved
 * @param in buffers of the operation's inputs
 * @param out buffer of its output, or the target of a sum or copy
 * @param aux buffer of what else a derivative reads: attention's log-sum-exp
 * @param dy buffer of the output's gradient, or the source of a sum or copy
 * @param din buffers of the inputs' gradients
 * @param add for each of them whether it is added to
 */
record Step(
    Kind kind, Op op, Value value, int[] in, int out, int aux, int dy, int[] din, boolean[] add) {
  /** What a step does. */
  enum Kind {
    /** Computes an operation, for the first time or again. */
    FORWARD,
    /** Computes its gradients. */
    BACKWARD,
    /** Adds buffer {@code dy} to buffer {@code out}. */
    ADD,
    /** Copies buffer {@code dy} to buffer {@code out}. */
    COPY
  }
}
