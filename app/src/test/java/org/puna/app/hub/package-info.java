/**
 * Tests of pulling from a hub, against one on this machine.
 *
 * <p>Imports the module's own classes. Start reading at {@link org.puna.app.hub.PullTest}.
 */
@NullMarked
package org.puna.app.hub;

import org.jspecify.annotations.NullMarked;
