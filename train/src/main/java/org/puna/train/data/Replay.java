package org.puna.train.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.Entry;
import org.puna.model.safetensors.Safetensors;
import org.puna.train.tape.Rows;

/**
 * Exactly the batches of a file: {@code tokens} [steps, batch, T + 1] of int32, and where it has
 * one {@code loss_mask} [steps, batch, T], whose zeros do not count.
 */
public final class Replay implements Batches {
  private final Safetensors file;
  private final MemorySegment tokens;
  private final @Nullable MemorySegment mask;
  private final int steps;
  private final int rows;
  private final int length;
  private final int microRows;
  private final int vocabSize;
  private final Path path;

  /**
   * Maps a file.
   *
   * @param microRows sequences of a part of a step, 0 for all
   * @param masked whether to use the file's mask
   * @throws BadInput if it has not what it should
   */
  public Replay(Path path, int microRows, boolean masked, int vocabSize) {
    this.path = path;
    this.vocabSize = vocabSize;
    file = Safetensors.open(path);
    Entry t = entry("tokens");
    if (t.dtype() != Dtype.I32 || t.shape().length != 3 || t.shape()[2] < 2) {
      throw new BadInput(
          path
              + ": tensor \"tokens\": expected I32 [steps, batch, T + 1], found "
              + t.dtype()
              + " "
              + Arrays.toString(t.shape()));
    }
    steps = Math.toIntExact(t.shape()[0]);
    rows = Math.toIntExact(t.shape()[1]);
    length = Math.toIntExact(t.shape()[2] - 1);
    tokens = t.data();
    this.microRows = microRows <= 0 ? rows : Math.min(rows, microRows);
    mask = masked ? mask() : null;
  }

  private MemorySegment mask() {
    Entry m = entry("loss_mask");
    boolean bytes = m.dtype() == Dtype.U8 || m.dtype() == Dtype.BOOL || m.dtype() == Dtype.I8;
    if (!bytes || !Arrays.equals(m.shape(), new long[] {steps, rows, length})) {
      throw new BadInput(
          path
              + ": tensor \"loss_mask\": expected U8 "
              + Arrays.toString(new long[] {steps, rows, length})
              + ", found "
              + m.dtype()
              + " "
              + Arrays.toString(m.shape()));
    }
    return m.data();
  }

  private Entry entry(String name) {
    return Optional.ofNullable(file.entries().get(name))
        .orElseThrow(() -> new BadInput(path + ": tensor \"" + name + "\" is missing"));
  }

  /** Returns the tokens of a sequence, its targets one later. */
  public int length() {
    return length;
  }

  /** Returns the sequences of a step. */
  public int rows() {
    return rows;
  }

  @Override
  public List<MicroBatch> step(long step) {
    List<MicroBatch> parts = new ArrayList<>();
    for (int from = 0; from < rows; from += microRows) {
      parts.add(part(step, from, Math.min(rows, from + microRows)));
    }
    return parts;
  }

  private MicroBatch part(long step, int from, int to) {
    int n = (to - from) * length;
    int[] ids = new int[n];
    int[] outputs = new int[n];
    int[] targets = new int[n];
    int counted = 0;
    for (int r = from; r < to; r++) {
      long at = (step * rows + r) * (length + 1);
      for (int i = 0; i < length; i++) {
        int row = (r - from) * length + i;
        ids[row] = id(at + i);
        int target = id(at + i + 1);
        if (mask != null && mask.get(ValueLayout.JAVA_BYTE, (step * rows + r) * length + i) == 0) {
          continue;
        }
        outputs[counted] = row;
        targets[counted++] = target;
      }
    }
    int[] bounds = new int[to - from + 1];
    for (int i = 0; i < bounds.length; i++) bounds[i] = i * length;
    return new MicroBatch(
        new Rows(ids, bounds, Arrays.copyOf(outputs, counted)), Arrays.copyOf(targets, counted));
  }

  private int id(long i) {
    int id = tokens.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 4 * i);
    if (id < 0 || id >= vocabSize) {
      throw new BadInput(
          path
              + ": tensor \"tokens\": expected ids below "
              + vocabSize
              + ", the model's vocabulary, found "
              + id);
    }
    return id;
  }

  @Override
  public String fingerprint() {
    Fingerprint f = new Fingerprint().add(tokens);
    return (mask == null ? f : f.add(mask)).text();
  }

  @Override
  public int maxRows() {
    return microRows * length;
  }

  @Override
  public long steps() {
    return steps;
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
