package org.puna.checks.planted.engine;

import java.net.URI;

/** Breaks the rule that the engine sees no HTTP. */
record OpensSocket(URI address) {}
