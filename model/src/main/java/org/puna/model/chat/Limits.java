package org.puna.model.chat;

import org.puna.model.config.BadInput;

/**
 * What one rendering may use up: evaluation steps, recursion, and characters and elements created.
 * A template is foreign code; each bound is far above what published templates need for the longest
 * conversations and low enough that a hostile one ends within seconds and a few hundred megabytes.
 */
final class Limits {
  /** Nested evaluations; a macro that calls itself passes about five at each level. */
  static final int MAX_DEPTH = 400;

  /** Nested lists and mappings in one value. */
  static final int MAX_NESTING = 300;

  /** Expressions and statements evaluated, besides those that a large input may need. */
  private static final long MAX_STEPS = 10_000_000;

  /** Elements of one list; Jinja's own sandbox counts no further than 100 thousand. */
  private static final int MAX_ELEMENTS = 1 << 20;

  /** Characters or elements of one value. */
  static final int MAX_LENGTH = 1 << 24;

  /** Characters and elements of one value at all its levels. */
  private static final long MAX_WEIGHT = 1L << 28;

  /** Characters that a comparison or search passes in the time of one step. */
  private static final int WALKED_PER_STEP = 16;

  /** What one element of a list costs in units; a character costs one. */
  private static final int ELEMENT_UNITS = 8;

  /** What one new object costs besides its characters. */
  private static final int OBJECT_UNITS = 64;

  /** Characters (and elements, weighted) created in one rendering, besides those of the input. */
  private static final long MAX_UNITS = 1L << 26;

  /** How many times the input may be created anew or walked through. */
  private static final long UNITS_PER_INPUT_UNIT = 64;

  private long steps;
  private long units;
  private long maxUnits = MAX_UNITS;
  private long maxSteps = MAX_STEPS;
  private int depth;

  /** Raises the bounds for an input of {@code size} characters. */
  void allowFor(long size) {
    maxUnits = MAX_UNITS + UNITS_PER_INPUT_UNIT * size;
    maxSteps = MAX_STEPS + UNITS_PER_INPUT_UNIT * size;
  }

  void step() {
    steps(1);
  }

  void steps(long n) {
    steps += n;
    if (steps > maxSteps) throw exceeded("more than " + maxSteps + " steps", "loops for too long");
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw exceeded("more than " + MAX_DEPTH + " nested evaluations", "recurses without end");
    }
  }

  void leave() {
    depth--;
  }

  /** Accounts for a string of {@code length} characters about to be created. */
  int chars(long length) {
    return charge(length, length);
  }

  /** Accounts for a list of {@code length} elements about to be created. */
  int elements(long length) {
    if (length > MAX_ELEMENTS) {
      throw exceeded("a list of more than " + MAX_ELEMENTS + " elements", "is hostile");
    }
    return charge(length, ELEMENT_UNITS * length);
  }

  /** Accounts for one more element of a list that has {@code size} already. */
  void element(int size) {
    elements(1);
    if (size >= MAX_ELEMENTS) elements(size + 1L);
  }

  /** Accounts for {@code n} small objects about to be created. */
  void objects(long n) {
    charge(n, OBJECT_UNITS * n);
  }

  /** Bounds the length of one value. */
  void length(long length) {
    if (length > MAX_LENGTH) {
      throw exceeded(
          "a value of more than " + MAX_LENGTH + " characters or elements", "is hostile");
    }
  }

  private int charge(long length, long cost) {
    length(length);
    units += cost;
    if (units > maxUnits) {
      throw exceeded("more than " + maxUnits + " characters created", "is hostile");
    }
    return (int) length;
  }

  /** Accounts for walking through a value without making a new one. */
  void walk(Value v) {
    steps(Value.Extent.of(v).weight() / WALKED_PER_STEP);
  }

  /** Bounds the size and nesting of a list or mapping. */
  static void extent(long weight, int depth) {
    if (depth > MAX_NESTING) {
      throw exceeded("a value nested deeper than " + MAX_NESTING + " levels", "is hostile");
    }
    if (weight > MAX_WEIGHT) {
      throw exceeded("a value of more than " + MAX_WEIGHT + " characters", "is hostile");
    }
  }

  private static BadInput exceeded(String what, String why) {
    return new BadInput(
        "chat template: rendering needed "
            + what
            + "; the template "
            + why
            + " or the input is too large");
  }
}
