package org.puna.train.loss;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.Param;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.Team;

/**
 * The output head with the loss behind it, over chunks of rows: the logits of one chunk are made,
 * turned into gradients in place and used at once.
 */
public final class Head {
  /** Numbers of a chunk of logits: 16 MB, which the last cache of a server holds. */
  private static final int CHUNK = 1 << 22;

  /** Rows below which a product is slower for each row. */
  private static final int LEAST_ROWS = 96;

  private final Split split;
  private final Map<String, float[]> gradients;
  private final Kernels kernels;
  private final GradKernels grads;
  private final Team team;
  private final int chunkRows;
  private final int columns;
  private final float[] logits;
  private final float[] uncapped;
  private final float[] x;
  private final float[] dx;

  /**
   * A head.
   *
   * @param gradients of trained weights by name, as {@link org.puna.train.tape.Tape} has them
   * @param maxRows most rows of a step
   */
  public Head(
      Split split,
      Map<String, float[]> gradients,
      int maxRows,
      Kernels kernels,
      GradKernels grads,
      Team team) {
    this.split = split;
    this.gradients = gradients;
    this.kernels = kernels;
    this.grads = grads;
    this.team = team;
    int vocab = split.vocab();
    columns = split.weight().tensor().rowElements();
    chunkRows = chunkRows(vocab, maxRows);
    logits = new float[chunkRows * vocab];
    uncapped = new float[split.softcap() > 0 ? logits.length : 0];
    x = new float[chunkRows * columns];
    dx = new float[chunkRows * columns];
  }

  private static int chunkRows(int vocab, int maxRows) {
    return Math.min(maxRows, Math.max(LEAST_ROWS, CHUNK / vocab));
  }

  /** Returns the bytes that a head of these sizes holds. */
  public static long bytes(Split split, int maxRows) {
    long rows = chunkRows(split.vocab(), maxRows);
    long columns = split.weight().tensor().rowElements();
    return Float.BYTES * rows * (split.vocab() * (split.softcap() > 0 ? 2L : 1L) + 2 * columns);
  }

  /**
   * Computes a loss and its gradients.
   *
   * @param hidden [rows, D], the trunk's result
   * @param dhidden receives the gradient by it, [rows, D]
   * @return the loss
   */
  public double loss(float[] hidden, int rows, Objective objective, float[] dhidden) {
    double sum = 0;
    for (int first = 0; first < rows; first += chunkRows) {
      int n = Math.min(chunkRows, rows - first);
      sum += chunk(hidden, first, n, objective);
      System.arraycopy(dx, 0, dhidden, first * columns, n * columns);
    }
    return sum;
  }

  /** Computes a loss alone. */
  public double loss(float[] hidden, int rows, Objective objective) {
    double sum = 0;
    for (int first = 0; first < rows; first += chunkRows) {
      int n = Math.min(chunkRows, rows - first);
      logits(hidden, first, n);
      sum += objective.apply(team, grads, logits, first, n, split.vocab());
    }
    return sum;
  }

  /**
   * Computes logits of some rows.
   *
   * @return [rows, vocab], valid until the next call; the array may be longer
   * @throws IllegalArgumentException if there are more than {@link #chunkRows()}
   */
  public float[] logits(float[] hidden, int first, int rows) {
    if (rows > chunkRows) throw new IllegalArgumentException("more rows than a chunk has");
    System.arraycopy(hidden, first * columns, x, 0, rows * columns);
    int vocab = split.vocab();
    grads.linear(team, x, rows, split.weight().tensor(), logits);
    float[] b = bias();
    if (b != null) {
      for (int r = 0; r < rows; r++) {
        for (int j = 0; j < vocab; j++) logits[r * vocab + j] += b[j];
      }
    }
    if (split.softcap() > 0) {
      System.arraycopy(logits, 0, uncapped, 0, rows * vocab);
      kernels.softcap(team, uncapped, rows * vocab, split.softcap(), logits);
    }
    return logits;
  }

  /** Returns the rows that are computed at a time. */
  public int chunkRows() {
    return chunkRows;
  }

  private float @Nullable [] bias() {
    Optional<Param> bias = split.optionalBias();
    return bias.isPresent() ? bias.get().tensor().toFloats() : null;
  }

  private double chunk(float[] hidden, int first, int rows, Objective objective) {
    int vocab = split.vocab();
    logits(hidden, first, rows);
    double loss = objective.apply(team, grads, logits, first, rows, vocab);
    if (split.softcap() > 0) {
      grads.softcap(team, logits, uncapped, rows * vocab, split.softcap(), false, logits);
    }
    float[] dw = gradients.get(split.weight().name());
    if (dw != null) grads.linearWeight(team, logits, x, rows, vocab, columns, dw, 0);
    split
        .optionalBias()
        .flatMap(b -> Optional.ofNullable(gradients.get(b.name())))
        .ifPresent(db -> grads.bias(team, logits, rows, vocab, db));
    grads.linearInput(team, logits, rows, split.weight().tensor(), false, dx);
    return loss;
  }
}
