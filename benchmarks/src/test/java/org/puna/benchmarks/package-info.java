/**
 * That the benchmarks run and compute the right thing.
 *
 * <p>May import everything. Start reading at {@link org.puna.benchmarks.BenchmarksTest}.
 */
@NullMarked
package org.puna.benchmarks;

import org.jspecify.annotations.NullMarked;
