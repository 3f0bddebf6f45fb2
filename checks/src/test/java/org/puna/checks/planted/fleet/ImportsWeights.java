package org.puna.checks.planted.fleet;

import org.puna.checks.planted.model.Weights;

/** Breaks the rule that fleet imports model's config package only. */
record ImportsWeights(Weights weights) {}
