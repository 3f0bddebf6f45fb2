/**
 * What every endpoint is written with: a request's JSON fields, the response, event streams,
 * errors.
 *
 * <p>Owns the mapping from errors to statuses and wire shapes; imports the web library, Jackson and
 * what {@code engine} says that an answer took. Start reading at {@link
 * org.puna.server.http.Exchange}.
 */
@NullMarked
package org.puna.server.http;

import org.jspecify.annotations.NullMarked;
