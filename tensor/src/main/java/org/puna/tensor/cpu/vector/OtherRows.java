package org.puna.tensor.cpu.vector;

import java.lang.foreign.MemorySegment;
import org.puna.tensor.quant.BlockFormat;

/** Rows of any format, by the format's own decoding. */
final class OtherRows implements StoredRows {
  private final BlockFormat format;

  OtherRows(BlockFormat format) {
    this.format = format;
  }

  @Override
  public void decode(MemorySegment w, long offset, float[] dst, int at, int n) {
    format.decode(w, offset, dst, at, n);
  }

  @Override
  public float dot(
      MemorySegment w, long offset, float[] x, int xAt, int n, float[] sums, Room room) {
    int piece = Room.FLOATS - Room.FLOATS % format.blockElements();
    float sum = 0;
    for (int i = 0; i < n; i += piece) {
      int m = Math.min(piece, n - i);
      format.decode(w, offset + format.bytes(i), room.floats, 0, m);
      sum += FloatDots.dot(room.floats, 0, x, xAt + i, m);
    }
    return sum;
  }
}
