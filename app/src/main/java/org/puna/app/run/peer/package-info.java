/**
 * Puna beside llama.cpp on the same file in one run: finds an installed peer, measures both in
 * turn, prints ratios.
 *
 * <p>Imports the command line's own tools, the backends, and Jackson; the peer runs in a process of
 * its own. Start reading at {@link org.puna.app.run.peer.SideBySide}.
 */
@NullMarked
package org.puna.app.run.peer;

import org.jspecify.annotations.NullMarked;
