/**
 * Who may use the server, and how much.
 *
 * <p>Owns API keys, stored as hashes, and the limits of each; imports {@code server.http} for its
 * errors. Start reading at {@link org.puna.server.access.Keys}.
 */
@NullMarked
package org.puna.server.access;

import org.jspecify.annotations.NullMarked;
