/**
 * A simulation's report as one HTML page with plots, without scripts or outside resources.
 *
 * <p>Imports {@code org.puna.fleet.sim} only. Start reading at {@link
 * org.puna.fleet.sim.report.HtmlReport}.
 */
@NullMarked
package org.puna.fleet.sim.report;

import org.jspecify.annotations.NullMarked;
