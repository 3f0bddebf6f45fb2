package org.puna.checks.planted.engine;

import org.puna.checks.planted.app.Wiring;

/** Breaks the rule that no room imports app. */
record ImportsApp(Wiring wiring) {}
