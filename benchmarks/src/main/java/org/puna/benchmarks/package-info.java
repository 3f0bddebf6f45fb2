/**
 * The kernels that decide speed, each measured alone by JMH, the vector kernel beside its scalar
 * twin.
 *
 * <p>May import everything below {@code chat} and the model that ships; nothing imports it. Start
 * reading at {@link org.puna.benchmarks.Twin}, then {@link org.puna.benchmarks.StoredProduct}.
 */
@NullMarked
package org.puna.benchmarks;

import org.jspecify.annotations.NullMarked;
