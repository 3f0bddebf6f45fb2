/**
 * Pages for people in a browser.
 *
 * <p>Owns how rooms' pages are reached; imports those rooms and {@code server.http}. Start reading
 * at {@link org.puna.server.pages.FleetEndpoint}.
 */
@NullMarked
package org.puna.server.pages;

import org.jspecify.annotations.NullMarked;
