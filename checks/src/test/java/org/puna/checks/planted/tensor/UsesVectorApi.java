package org.puna.checks.planted.tensor;

import jdk.incubator.vector.FloatVector;

/** Breaks the rule that only tensor.cpu.vector touches the incubator module. */
record UsesVectorApi(FloatVector lanes) {}
