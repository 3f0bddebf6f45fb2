package org.puna.checks.planted.model.right;

import org.puna.checks.planted.model.left.Left;

/** Half of a cycle between packages. */
public record Right(Left other) {}
