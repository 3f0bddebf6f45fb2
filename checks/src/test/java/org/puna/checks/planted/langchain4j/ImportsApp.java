package org.puna.checks.planted.langchain4j;

import org.puna.checks.planted.app.Wiring;

/** Breaks the rule that no room imports app. */
record ImportsApp(Wiring wiring) {}
