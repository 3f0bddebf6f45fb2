package org.puna.tensor.cpu.vector;

import org.puna.tensor.cpu.Team;

/**
 * Rows of activations rounded as {@link Int8Activations} are, in float32: for products with weights
 * as stored. Used again by every product, which so allocates nothing; one product at a time.
 */
final class RoundedRows implements Team.Task {
  /** Numbers in one piece of work. */
  private static final int PIECE = 32 << 10;

  private static final float[] NONE = new float[0];

  private float[] x = NONE;
  private float[] y = NONE;
  private int n;

  /**
   * Rounds rows.
   *
   * @param n numbers of {@code x}, whole blocks
   * @return the numbers, in memory that the next call uses again
   */
  float[] of(Team team, float[] x, int n) {
    if (y.length < n) y = new float[n];
    this.x = x;
    this.n = n;
    if (n <= PIECE) run(0, 0);
    else team.run(Math.ceilDiv(n, PIECE), this);
    this.x = NONE;
    return y;
  }

  @Override
  public void run(int piece, int member) {
    int from = piece * PIECE;
    Int8Activations.round(x, from, Math.min(PIECE, n - from), y);
  }
}
