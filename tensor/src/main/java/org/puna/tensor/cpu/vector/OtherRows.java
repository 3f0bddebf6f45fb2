package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.puna.tensor.quant.BlockFormat;

/** Rows of any format, by the format's own decoding. */
final class OtherRows implements StoredRows {
  /** Numbers decoded at a time. */
  private static final int PIECE = 1024;

  private final BlockFormat format;

  OtherRows(BlockFormat format) {
    this.format = format;
  }

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n, RowScratch room) {
    format.decode(w, offset, dst, at, n);
  }

  @Override
  public void dots(
      MemorySegment w,
      long first,
      long apart,
      float[] x,
      float[] prepared,
      int n,
      RowScratch room,
      float[] sums) {
    Arrays.fill(sums, 0, Lanes.N, 0);
    sums[0] = dot(w, first, x, n, room);
  }

  private float dot(MemorySegment w, long offset, float[] x, int n, RowScratch room) {
    room.reserveNumbers(PIECE);
    int piece = PIECE - PIECE % format.blockElements();
    float sum = 0;
    for (int i = 0; i < n; i += piece) {
      int m = Math.min(piece, n - i);
      format.decode(w, offset + format.bytes(i), room.numbers, 0, m);
      sum += FloatDots.dot(room.numbers, 0, x, i, m);
    }
    return sum;
  }
}
