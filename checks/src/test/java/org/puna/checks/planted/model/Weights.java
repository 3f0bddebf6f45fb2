package org.puna.checks.planted.model;

/** Outside model.config, so fleet may not import it. */
public record Weights(String file) {}
