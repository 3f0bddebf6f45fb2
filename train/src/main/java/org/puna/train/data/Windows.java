package org.puna.train.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.puna.model.config.BadInput;
import org.puna.train.tape.Rows;

/**
 * Windows of a file of tokens in a seeded order, another one for each epoch. Documents in a window
 * do not see each other, and none is asked to guess how the next one begins.
 */
public final class Windows implements Batches {
  private final TokenFile file;
  private final OptionalInt begin;
  private final int rows;
  private final int microRows;
  private final int length;
  private final int windows;
  private final Shuffle order;

  /**
   * Windows of a file, which is closed with them.
   *
   * @param begin the id that begins every document, where there is one
   * @param rows windows of a step
   * @param microRows windows of a part of a step
   * @param length tokens of a window
   * @throws BadInput if the file is shorter than a window
   */
  public Windows(
      TokenFile file, OptionalInt begin, int rows, int microRows, int length, long seed) {
    this.file = file;
    this.begin = begin;
    this.rows = rows;
    this.microRows = microRows;
    this.length = length;
    long n = (file.size() - 1) / length;
    if (n < 1 || n > Integer.MAX_VALUE - 64) {
      throw new BadInput(
          "data: "
              + file.size()
              + " tokens do not give windows of "
              + length
              + "; add texts, or choose another batch.length");
    }
    windows = (int) n;
    order = new Shuffle(windows, seed);
  }

  /** Returns the windows of an epoch. */
  public int perEpoch() {
    return windows;
  }

  @Override
  public List<MicroBatch> step(long step) {
    List<MicroBatch> parts = new ArrayList<>();
    for (int from = 0; from < rows; from += microRows) {
      int n = Math.min(microRows, rows - from);
      long[] starts = new long[n];
      for (int r = 0; r < n; r++) starts[r] = (long) order.at(step * rows + from + r) * length;
      parts.add(part(starts));
    }
    return parts;
  }

  /**
   * Returns consecutive windows from the start of the file, for measuring.
   *
   * @param most windows at most
   */
  public List<MicroBatch> inOrder(int most) {
    List<MicroBatch> parts = new ArrayList<>();
    int all = Math.min(most, windows);
    for (int from = 0; from < all; from += microRows) {
      long[] starts = new long[Math.min(microRows, all - from)];
      for (int r = 0; r < starts.length; r++) starts[r] = (long) (from + r) * length;
      parts.add(part(starts));
    }
    return parts;
  }

  private MicroBatch part(long[] starts) {
    int n = starts.length * length;
    int[] ids = new int[n];
    int[] bounds = new int[n + 1];
    int[] outputs = new int[n];
    int[] targets = new int[n];
    int sequences = 0;
    int counted = 0;
    for (int r = 0; r < starts.length; r++) {
      for (int i = 0; i < length; i++) {
        int row = r * length + i;
        ids[row] = file.get(starts[r] + i);
        if (i == 0 || begins(ids[row])) bounds[sequences++] = row;
        int next = file.get(starts[r] + i + 1);
        if (begins(next)) continue;
        outputs[counted] = row;
        targets[counted++] = next;
      }
    }
    bounds[sequences] = n;
    return new MicroBatch(
        new Rows(ids, Arrays.copyOf(bounds, sequences + 1), Arrays.copyOf(outputs, counted)),
        Arrays.copyOf(targets, counted));
  }

  private boolean begins(int id) {
    return begin.isPresent() && begin.getAsInt() == id;
  }

  @Override
  public String fingerprint() {
    return file.fingerprint();
  }

  @Override
  public int maxRows() {
    return Math.min(rows, microRows) * length;
  }

  @Override
  public long steps() {
    return Long.MAX_VALUE;
  }

  @Override
  public long tokensPerStep() {
    return (long) rows * length;
  }

  @Override
  public void close() {
    file.close();
  }
}
