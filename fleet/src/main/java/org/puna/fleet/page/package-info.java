/**
 * The fleet as a web page: the inventory in equivalents, a form, and the plans that it asks for.
 *
 * <p>Imports the rest of {@code org.puna.fleet} and {@code org.puna.model.config}; knows no server.
 * Start reading at {@link org.puna.fleet.page.FleetPage}.
 */
@NullMarked
package org.puna.fleet.page;

import org.jspecify.annotations.NullMarked;
