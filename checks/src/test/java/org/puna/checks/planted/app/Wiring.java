package org.puna.checks.planted.app;

/** What no room may import. */
public record Wiring(String name) {}
