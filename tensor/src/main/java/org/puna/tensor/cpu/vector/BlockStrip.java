package org.puna.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;

/**
 * What {@link Strip} is to float32, for keys and values that are stored in blocks of Q8_0: products
 * of few rows with two vectors of columns, straight from the codes.
 */
final class BlockStrip {
  private static final int N = Lanes.N;
  private static final int BLOCK = KvType.BLOCK;

  private BlockStrip() {}

  /**
   * Computes scores {@code c[rows, Strip.WIDTH] = a[rows, headDim] · keys}.
   *
   * @param aStep distance of rows of {@code a}
   * @param rows any number; four at a time are fastest
   * @param keys turned
   * @param in the first position's place in the page
   * @param headDim numbers of the head
   * @param cStep distance of rows of {@code c}
   */
  static void scores(
      float[] a,
      int aAt,
      int aStep,
      int rows,
      KvPages keys,
      int page,
      int head,
      int in,
      int headDim,
      float[] c,
      int cAt,
      int cStep) {
    byte[] codes = keys.codes(page);
    short[] scales = keys.scales(page);
    int step = keys.pageTokens();
    int at = keys.at(head, in);
    int scaleAt = keys.scaleAt(head, 0, in);
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      int from = aAt + r * aStep;
      fourScores(
          a, from, aStep, codes, at, scales, scaleAt, step, headDim, c, cAt + r * cStep, cStep);
    }
    for (; r < rows; r++) {
      oneScore(a, aAt + r * aStep, codes, at, scales, scaleAt, step, headDim, c, cAt + r * cStep);
    }
  }

  private static void fourScores(
      float[] a,
      int aAt,
      int aStep,
      byte[] codes,
      int at,
      short[] scales,
      int scaleAt,
      int step,
      int headDim,
      float[] c,
      int cAt,
      int cStep) {
    FloatVector c00 = FloatVector.zero(Lanes.F);
    FloatVector c01 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    int a1 = aAt + aStep;
    int a2 = aAt + 2 * aStep;
    int a3 = aAt + 3 * aStep;
    for (int block = 0; block < headDim; block += BLOCK) {
      int s = scaleAt + block / BLOCK * step;
      FloatVector scale0 = Lanes.f16(scales, s);
      FloatVector scale1 = Lanes.f16(scales, s + N);
      FloatVector s00 = FloatVector.zero(Lanes.F);
      FloatVector s01 = s00;
      FloatVector s10 = s00;
      FloatVector s11 = s00;
      FloatVector s20 = s00;
      FloatVector s21 = s00;
      FloatVector s30 = s00;
      FloatVector s31 = s00;
      int i = at + block * step;
      for (int k = block; k < block + BLOCK; k++, i += step) {
        FloatVector b0 = Lanes.signedBytes(codes, i);
        FloatVector b1 = Lanes.signedBytes(codes, i + N);
        FloatVector x = FloatVector.broadcast(Lanes.F, a[aAt + k]);
        s00 = x.fma(b0, s00);
        s01 = x.fma(b1, s01);
        x = FloatVector.broadcast(Lanes.F, a[a1 + k]);
        s10 = x.fma(b0, s10);
        s11 = x.fma(b1, s11);
        x = FloatVector.broadcast(Lanes.F, a[a2 + k]);
        s20 = x.fma(b0, s20);
        s21 = x.fma(b1, s21);
        x = FloatVector.broadcast(Lanes.F, a[a3 + k]);
        s30 = x.fma(b0, s30);
        s31 = x.fma(b1, s31);
      }
      c00 = s00.fma(scale0, c00);
      c01 = s01.fma(scale1, c01);
      c10 = s10.fma(scale0, c10);
      c11 = s11.fma(scale1, c11);
      c20 = s20.fma(scale0, c20);
      c21 = s21.fma(scale1, c21);
      c30 = s30.fma(scale0, c30);
      c31 = s31.fma(scale1, c31);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
    c20.intoArray(c, cAt + 2 * cStep);
    c21.intoArray(c, cAt + 2 * cStep + N);
    c30.intoArray(c, cAt + 3 * cStep);
    c31.intoArray(c, cAt + 3 * cStep + N);
  }

  private static void oneScore(
      float[] a,
      int aAt,
      byte[] codes,
      int at,
      short[] scales,
      int scaleAt,
      int step,
      int headDim,
      float[] c,
      int cAt) {
    FloatVector c0 = FloatVector.zero(Lanes.F);
    FloatVector c1 = c0;
    for (int block = 0; block < headDim; block += BLOCK) {
      int s = scaleAt + block / BLOCK * step;
      FloatVector scale0 = Lanes.f16(scales, s);
      FloatVector scale1 = Lanes.f16(scales, s + N);
      FloatVector s0 = FloatVector.zero(Lanes.F);
      FloatVector s1 = s0;
      int i = at + block * step;
      for (int k = block; k < block + BLOCK; k++, i += step) {
        FloatVector x = FloatVector.broadcast(Lanes.F, a[aAt + k]);
        s0 = Lanes.signedBytes(codes, i).fma(x, s0);
        s1 = Lanes.signedBytes(codes, i + N).fma(x, s1);
      }
      c0 = s0.fma(scale0, c0);
      c1 = s1.fma(scale1, c1);
    }
    c0.intoArray(c, cAt);
    c1.intoArray(c, cAt + N);
  }

  /**
   * Adds {@code c[rows, Strip.WIDTH] += weights[rows, run] · values}.
   *
   * @param wStep distance of rows of weights
   * @param rows any number; four at a time are fastest
   * @param values not turned
   * @param in the first position's place in the page
   * @param run positions
   * @param number the first column, a number of the head
   * @param headDim numbers of the head
   * @param cStep distance of rows of {@code c}
   */
  static void add(
      float[] weights,
      int wAt,
      int wStep,
      int rows,
      KvPages values,
      int page,
      int head,
      int in,
      int run,
      int number,
      int headDim,
      float[] c,
      int cAt,
      int cStep) {
    byte[] codes = values.codes(page);
    short[] scales = values.scales(page);
    int at = values.at(head, in) + number;
    int scaleAt = at / BLOCK;
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      int from = wAt + r * wStep;
      int to = cAt + r * cStep;
      addFour(weights, from, wStep, codes, at, scales, scaleAt, headDim, run, c, to, cStep);
    }
    for (; r < rows; r++) {
      addOne(
          weights, wAt + r * wStep, codes, at, scales, scaleAt, headDim, run, c, cAt + r * cStep);
    }
  }

  private static void addFour(
      float[] w,
      int wAt,
      int wStep,
      byte[] codes,
      int at,
      short[] scales,
      int scaleAt,
      int headDim,
      int run,
      float[] c,
      int cAt,
      int cStep) {
    FloatVector c00 = FloatVector.fromArray(Lanes.F, c, cAt);
    FloatVector c01 = FloatVector.fromArray(Lanes.F, c, cAt + N);
    FloatVector c10 = FloatVector.fromArray(Lanes.F, c, cAt + cStep);
    FloatVector c11 = FloatVector.fromArray(Lanes.F, c, cAt + cStep + N);
    FloatVector c20 = FloatVector.fromArray(Lanes.F, c, cAt + 2 * cStep);
    FloatVector c21 = FloatVector.fromArray(Lanes.F, c, cAt + 2 * cStep + N);
    FloatVector c30 = FloatVector.fromArray(Lanes.F, c, cAt + 3 * cStep);
    FloatVector c31 = FloatVector.fromArray(Lanes.F, c, cAt + 3 * cStep + N);
    int w1 = wAt + wStep;
    int w2 = wAt + 2 * wStep;
    int w3 = wAt + 3 * wStep;
    int i = at;
    int s = scaleAt;
    for (int k = 0; k < run; k++, i += headDim, s += headDim / BLOCK) {
      FloatVector scale = FloatVector.broadcast(Lanes.F, Lanes.HALVES[scales[s] & 0xffff]);
      FloatVector b0 = Lanes.signedBytes(codes, i).mul(scale);
      FloatVector b1 = Lanes.signedBytes(codes, i + N).mul(scale);
      FloatVector x = FloatVector.broadcast(Lanes.F, w[wAt + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(Lanes.F, w[w1 + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(Lanes.F, w[w2 + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(Lanes.F, w[w3 + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + N);
    c10.intoArray(c, cAt + cStep);
    c11.intoArray(c, cAt + cStep + N);
    c20.intoArray(c, cAt + 2 * cStep);
    c21.intoArray(c, cAt + 2 * cStep + N);
    c30.intoArray(c, cAt + 3 * cStep);
    c31.intoArray(c, cAt + 3 * cStep + N);
  }

  private static void addOne(
      float[] w,
      int wAt,
      byte[] codes,
      int at,
      short[] scales,
      int scaleAt,
      int headDim,
      int run,
      float[] c,
      int cAt) {
    FloatVector c0 = FloatVector.fromArray(Lanes.F, c, cAt);
    FloatVector c1 = FloatVector.fromArray(Lanes.F, c, cAt + N);
    int i = at;
    int s = scaleAt;
    for (int k = 0; k < run; k++, i += headDim, s += headDim / BLOCK) {
      float x = w[wAt + k] * Lanes.HALVES[scales[s] & 0xffff];
      c0 = Lanes.signedBytes(codes, i).fma(FloatVector.broadcast(Lanes.F, x), c0);
      c1 = Lanes.signedBytes(codes, i + N).fma(FloatVector.broadcast(Lanes.F, x), c1);
    }
    c0.intoArray(c, cAt);
    c1.intoArray(c, cAt + N);
  }
}
