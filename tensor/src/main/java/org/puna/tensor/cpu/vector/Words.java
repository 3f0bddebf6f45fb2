package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.IntVector;

/**
 * How the K formats multiply one row of activations: codes are loaded as words of four bytes, and a
 * mask picks one code of each word where it lies. What its place makes it too large is taken off
 * the activations, once for all rows of weights: the factors are powers of two, so nothing is lost.
 *
 * <p>Kernels over words call the Vector API itself and no helper of ours: past a number of nodes
 * the compiler expands only methods that the JDK forces it to, and leaves others calls that box
 * their vectors. So a loop may be long, and read the scales of a block as it comes to it. What is
 * expanded that late has its shapes from profiles, which the compiler believes no longer once it
 * has compiled anew often enough: hence the flag PerMethodRecompilationCutoff
 * (docs/performance.md).
 */
final class Words {
  /** The first, second and third byte of each word; the fourth is what a shift leaves. */
  static final IntVector BYTE0 = IntVector.broadcast(Lanes.I, 0xff);

  static final IntVector BYTE1 = IntVector.broadcast(Lanes.I, 0xff00);
  static final IntVector BYTE2 = IntVector.broadcast(Lanes.I, 0xff0000);

  // The nibbles of the first two bytes of each word; a shift brings the others there.
  static final IntVector LOWER0 = IntVector.broadcast(Lanes.I, 0xf);
  static final IntVector UPPER0 = IntVector.broadcast(Lanes.I, 0xf0);
  static final IntVector LOWER1 = IntVector.broadcast(Lanes.I, 0xf00);
  static final IntVector UPPER1 = IntVector.broadcast(Lanes.I, 0xf000);

  /** The first byte of each half of a word. */
  static final IntVector BYTE_HALVES = IntVector.broadcast(Lanes.I, 0x00ff00ff);

  /** The first nibble of each half of a word. */
  static final IntVector LOWER_HALVES = IntVector.broadcast(Lanes.I, 0x000f000f);

  /** The lower nibble of each byte of a word, and what formats have above it. */
  static final IntVector NIBBLES = IntVector.broadcast(Lanes.I, 0x0f0f0f0f);

  static final IntVector FIFTH = IntVector.broadcast(Lanes.I, 0x10101010);
  static final IntVector PAIRS = IntVector.broadcast(Lanes.I, 0x30303030);

  /** What takes off the place of codes that are bytes: of lower nibbles, then of upper ones. */
  static final float[] OF_BYTES = {1, 0x1p-8f, 0x1p-16f, 1, 1, 0x1p-8f, 0x1p-16f, 1};

  /** What takes off the place of nibbles: of lower ones, then of upper ones. */
  static final float[] OF_NIBBLES = {1, 0x1p-8f, 1, 0x1p-8f, 0x1p-4f, 0x1p-12f, 0x1p-4f, 0x1p-12f};

  private Words() {}

  /**
   * Orders activations as kernels over words use them: for each vector of words, those of the lower
   * nibbles of the words' first bytes, of their second, third and fourth, then of the upper ones.
   *
   * @param n numbers, whole blocks
   * @param run numbers of lower nibbles that come before as many of upper ones
   * @param factors for each of the eight
   * @param to receives n numbers
   */
  static void order(float[] x, int n, int run, float[] factors, float[] to) {
    for (int v = 0; v < n; v += 8 * Lanes.N) {
      for (int j = 0; j < 8; j++) {
        float factor = factors[j];
        for (int l = 0; l < Lanes.N; l++) {
          int code = v / 2 + 4 * l + (j & 3);
          to[v + j * Lanes.N + l] = factor * x[code + code / run * run + (j >> 2) * run];
        }
      }
    }
  }
}
