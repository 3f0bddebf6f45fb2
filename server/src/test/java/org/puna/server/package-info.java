/** Tests of the server over real HTTP, with a small random model whose answers can be forced. */
@NullMarked
package org.puna.server;

import org.jspecify.annotations.NullMarked;
