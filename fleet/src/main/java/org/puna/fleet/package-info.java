/**
 * What a fleet of accelerators is: the catalogue of chips, the inventory of a company, its count in
 * one unit.
 *
 * <p>Imports {@code org.puna.model.config} and libraries for JSON, YAML and CSV. Start reading at
 * {@link org.puna.fleet.Inventory}.
 */
@NullMarked
package org.puna.fleet;

import org.jspecify.annotations.NullMarked;
