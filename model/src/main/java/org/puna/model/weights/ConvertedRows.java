package org.puna.model.weights;

import java.lang.foreign.MemorySegment;
import org.puna.tensor.quant.BlockFormat;

/** Another's rows decoded to float32, moved by a constant and encoded in a format. */
record ConvertedRows(Rows inner, BlockFormat format, float shift) implements Rows {
  ConvertedRows {
    if (inner.rowElements() % format.blockElements() != 0 || !format.canEncode()) {
      throw new IllegalArgumentException(
          "rows of " + inner.rowElements() + " numbers cannot become " + format.name());
    }
  }

  @Override
  public long[] shape() {
    return inner.shape();
  }

  @Override
  public BlockFormat format(long row) {
    return format;
  }

  @Override
  public long run(long row) {
    return rows() - row;
  }

  @Override
  public long batch() {
    return inner.batch();
  }

  @Override
  public void copy(long from, int n, MemorySegment dst) {
    int size = rowElements();
    long outBytes = format.bytes(size);
    float[] numbers = new float[size];
    for (int done = 0; done < n; ) {
      int piece = (int) Math.min(n - done, inner.run(from + done));
      BlockFormat source = inner.format(from + done);
      long inBytes = source.bytes(size);
      MemorySegment in = MemorySegment.ofArray(new byte[Math.toIntExact(piece * inBytes)]);
      inner.copy(from + done, piece, in);
      for (int i = 0; i < piece; i++) {
        source.decode(in, i * inBytes, numbers, 0, size);
        if (shift != 0) {
          for (int j = 0; j < size; j++) numbers[j] += shift;
        }
        format.encode(numbers, 0, size, dst, (done + i) * outBytes);
      }
      done += piece;
    }
  }
}
