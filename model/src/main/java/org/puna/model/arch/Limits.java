package org.puna.model.arch;

/** Sizes above those of any published model, so that a wrong number cannot exhaust memory. */
final class Limits {
  static final int LAYERS = 2048;
  static final int HEADS = 1 << 14;
  static final int HEAD_DIM = 1 << 14;
  static final int WIDTH = 1 << 24;
  static final int VOCAB = 1 << 26;
  static final int EXPERTS = 1 << 10;

  private Limits() {}
}
