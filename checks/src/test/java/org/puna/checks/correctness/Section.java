package org.puna.checks.correctness;

/** A part of the page: computes its figures, fails where one is worse than it may be. */
interface Section {
  /** Returns heading, explanation and table, with a line end. */
  String markdown() throws Exception;
}
