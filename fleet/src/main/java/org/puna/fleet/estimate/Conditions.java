package org.puna.fleet.estimate;

import org.puna.model.config.ActivationMemory.Recompute;

/**
 * What measurements were taken on, which a table of iteration times does not say.
 *
 * @param machine the servers
 * @param recompute what the backward pass computed again
 */
public record Conditions(Machine machine, Recompute recompute) {}
