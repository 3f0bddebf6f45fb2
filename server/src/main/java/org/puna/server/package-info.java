/**
 * One process that speaks the APIs people already use: OpenAI's, Anthropic's and a few of its own.
 *
 * <p>Owns HTTP routes, wire records, authentication, limits and metrics; may import every room but
 * {@code app}. Start reading at {@link org.puna.server.PunaServer} and {@link
 * org.puna.server.Routes}.
 */
@NullMarked
package org.puna.server;

import org.jspecify.annotations.NullMarked;
