package org.puna.tensor.cpu.vector;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Repacked;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.quant.BlockFormat;

/** Products of activations with weights as they are stored: of few rows, or of many. */
final class Products implements AutoCloseable {
  /** Rows up to which weights are not worth packing: measured, with two cores. */
  static final int FEW = 24;

  private final boolean int8;
  private final Arena arena = Arena.ofShared();
  private final FewRows few = new FewRows(arena);
  private final RoundedRows rounded = new RoundedRows();
  private final Int8Interleaved int8Interleaved = new Int8Interleaved();
  private final FewInterleaved interleaved = new FewInterleaved();
  private final InterleavedCopies copies;
  private final ManyRows many = new ManyRows(arena);
  private final Map<BlockFormat, StoredRows> rowsOf = new HashMap<>();

  /**
   * @param int8 whether activations are rounded to eight bits, where a format has a layout
   */
  Products(boolean int8) {
    this.int8 = int8;
    copies = new InterleavedCopies(int8);
  }

  /** Returns whether activations are rounded to eight bits, where a format has a layout. */
  boolean int8() {
    return int8;
  }

  void linear(Team team, float[] x, int rows, Tensor w, float @Nullable [] bias, float[] y) {
    Interleaved layout = copies.layout(w.format());
    float[] of = x;
    if (layout != null) {
      int most = int8 ? layout.mostRounded() : FEW;
      InterleavedCopy copy = rows <= most ? copies.of(team, w) : null;
      if (copy != null) {
        if (int8) int8Interleaved.multiply(team, copy, x, rows, bias, y);
        else interleaved.multiply(team, copy, x, rows, bias, y);
        return;
      }
      if (int8) of = rounded.of(team, x, rows * w.rowElements());
    }
    StoredRows stored = rowsOf.computeIfAbsent(w.format(), f -> new CompiledAlone(stored(f)));
    if (rows <= FEW) few.multiply(team, stored, of, rows, w, bias, y);
    else many.multiply(team, stored, of, rows, w, bias, y);
  }

  /** Allows copies of weights: for products of few rows, or of all with rounded activations. */
  Repacked repack(List<Tensor> weights, int after) {
    return copies.allow(weights, after);
  }

  /** Returns the way to read rows of a format. */
  static StoredRows stored(BlockFormat format) {
    return switch (format.name()) {
      case "F32" -> new F32Rows();
      case "F16" -> new F16Rows();
      case "BF16" -> new BF16Rows();
      case "Q8_0" -> new Q8Rows();
      case "Q4_0" -> new Q4Rows();
      case "Q4_K" -> new Q4KRows();
      case "Q5_K" -> new Q5KRows();
      case "Q6_K" -> new Q6KRows();
      default -> new OtherRows(format);
    };
  }

  @Override
  public void close() {
    copies.close();
    arena.close();
  }
}
