package org.puna.checks.planted.tensor;

import com.tngtech.archunit.core.domain.JavaClass;

/** Breaks the rule that tensor needs the JDK alone. */
record UsesLibrary(JavaClass foreign) {}
