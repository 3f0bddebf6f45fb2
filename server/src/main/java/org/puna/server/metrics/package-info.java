/**
 * What the server measures of itself, in Prometheus' format.
 *
 * <p>Owns the names of the meters; imports {@code server.serving} for what models are doing. Start
 * reading at {@link org.puna.server.metrics.Meters}.
 */
@NullMarked
package org.puna.server.metrics;

import org.jspecify.annotations.NullMarked;
