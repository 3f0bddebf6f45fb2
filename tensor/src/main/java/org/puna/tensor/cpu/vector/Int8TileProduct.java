package org.puna.tensor.cpu.vector;

/** The product of a tile of {@link Int8Activations} with unpacked codes of two groups of rows. */
interface Int8TileProduct {
  /** Rows of a tile: those whose sums fit the registers, with two groups. */
  int ROWS = Lanes.N == 8 ? 4 : 8;

  /**
   * Adds the products of some parts to the sums.
   *
   * @param codes [parts, pairs of columns, lanes] of the first group, and from index {@code second}
   *     on those of the second, see {@link Interleaved#unpack}
   * @param x pairs of activations [parts, pairs, rows] from index {@code pairsAt}, and from index
   *     {@code zerosAt} [parts, rows] what takes off the zero of codes
   * @param factors [parts, rows] from index {@code factorsAt}
   * @param scales0 [parts, lanes] of the first group, from the row's first part on
   * @param scales1 [parts, lanes] of the second group
   * @param part first of the parts in the row
   * @param sums [2, rows, lanes] from index {@code sumsAt}
   */
  void multiply(
      int[] codes,
      int second,
      int[] x,
      int pairsAt,
      int zerosAt,
      float[] factors,
      int factorsAt,
      float[] scales0,
      float[] scales1,
      int part,
      int parts,
      float[] sums,
      int sumsAt);
}
