package org.puna.checks.planted.tensor;

import org.puna.checks.planted.app.Wiring;

/** Breaks the rule that no room imports app. */
record ImportsApp(Wiring wiring) {}
