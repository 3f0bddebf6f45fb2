/**
 * Tests of the script {@code puna} on small projects with a Maven that only pretends.
 *
 * <p>Imports the JDK alone. Start reading at {@link org.puna.checks.launcher.LauncherTest}.
 */
@NullMarked
package org.puna.checks.launcher;

import org.jspecify.annotations.NullMarked;
