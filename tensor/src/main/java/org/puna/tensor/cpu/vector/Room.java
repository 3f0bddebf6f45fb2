package org.puna.tensor.cpu.vector;

/** Memory of one thread that reading stored rows may use, its contents left over from any use. */
final class Room {
  /** Numbers that {@link #floats} holds. */
  static final int FLOATS = 1024;

  /** Decoded numbers, or the scales of blocks. */
  final float[] floats = new float[FLOATS];

  /** A copy of stored blocks. */
  final byte[] bytes = new byte[4096];
}
