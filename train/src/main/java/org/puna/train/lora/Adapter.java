package org.puna.train.lora;

import java.util.SplittableRandom;
import org.puna.tensor.Param;
import org.puna.train.params.Parameter;

/**
 * A low-rank change of one matrix: {@code W + scale · B · A}.
 *
 * @param target canonical name of the matrix, such as {@code blk.0.attn_q.weight}
 * @param a [rank, in]
 * @param b [out, rank]
 * @param scale factor on the product, usually alpha over rank
 * @see "Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models"
 */
public record Adapter(String target, Parameter a, Parameter b, double scale) {
  /** Checks that the two matrices fit together. */
  public Adapter {
    if (a.rank() != 2 || b.rank() != 2 || a.shape()[0] != b.shape()[1]) {
      throw new IllegalArgumentException("adapter of " + target + ": A and B do not fit");
    }
  }

  /**
   * Makes an adapter that changes nothing yet: A uniform as in the peft library, B zero.
   *
   * @param matrix the frozen matrix [out, in]
   */
  public static Adapter fresh(Param matrix, int rank, double scale, SplittableRandom random) {
    long out = matrix.tensor().dim(0);
    long in = matrix.tensor().dim(1);
    Parameter a = Parameter.zeros(matrix.name() + ".lora_a", rank, in);
    Parameter b = Parameter.zeros(matrix.name() + ".lora_b", out, rank);
    // Kaiming with a = √5, torch's default for linear layers: uniform within 1/√in.
    double bound = 1 / Math.sqrt((double) in);
    for (int i = 0; i < a.size(); i++) {
      a.value()[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    return new Adapter(matrix.name(), a, b, scale);
  }

  /**
   * Returns {@code W + scale · B · A}.
   *
   * @param w the numbers of W, row-major
   */
  public float[] merged(float[] w) {
    int rank = Math.toIntExact(a.shape()[0]);
    int in = Math.toIntExact(a.shape()[1]);
    int out = Math.toIntExact(b.shape()[0]);
    float[] y = w.clone();
    float[] row = new float[in];
    for (int o = 0; o < out; o++) {
      java.util.Arrays.fill(row, 0);
      for (int r = 0; r < rank; r++) {
        float f = b.value()[o * rank + r];
        for (int i = 0; i < in; i++) row[i] = Math.fma(f, a.value()[r * in + i], row[i]);
      }
      for (int i = 0; i < in; i++) y[o * in + i] += (float) scale * row[i];
    }
    return y;
  }
}
