/**
 * Files from a Hugging Face compatible hub: what a repository has, which of it a model needs, and
 * downloads that go on where they stopped and are checked before they count.
 *
 * <p>Imports {@code model.config} and Jackson. Start reading at {@link org.puna.app.hub.Pull}.
 */
@NullMarked
package org.puna.app.hub;

import org.jspecify.annotations.NullMarked;
