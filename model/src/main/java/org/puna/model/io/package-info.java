/**
 * Reading files as mapped memory and writing files that appear whole or not at all.
 *
 * <p>Imports the JDK and the configuration package. Start reading at {@link
 * org.puna.model.io.MappedFile} and {@link org.puna.model.io.OutputFile}.
 */
@NullMarked
package org.puna.model.io;

import org.jspecify.annotations.NullMarked;
