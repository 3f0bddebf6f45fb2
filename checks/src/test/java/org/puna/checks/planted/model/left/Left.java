package org.puna.checks.planted.model.left;

import org.puna.checks.planted.model.right.Right;

/** Half of a cycle between packages. */
public record Left(Right other) {}
