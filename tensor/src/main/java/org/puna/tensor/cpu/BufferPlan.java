package org.puna.tensor.cpu;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.puna.tensor.Graph;
import org.puna.tensor.Op;
import org.puna.tensor.Value;

/**
 * Which buffer holds which value: a buffer is free again after the last operation that reads its
 * value, and an operation that may work in place takes over the buffer of an input that dies with
 * it.
 */
final class BufferPlan {
  private final int[] slotOfValue;
  private final List<Long> slotFloats = new ArrayList<>();

  BufferPlan(Graph graph, int maxTokens, int maxOutputs) {
    List<Op> ops = graph.ops();
    int values = ops.stream().mapToInt(op -> op.out().id()).max().orElse(-1) + 1;
    int[] lastUse = new int[values];
    for (int i = 0; i < ops.size(); i++) {
      for (Value in : ops.get(i).inputs()) lastUse[in.id()] = i;
    }
    lastUse[graph.output().id()] = Integer.MAX_VALUE;
    slotOfValue = new int[values];
    Arrays.fill(slotOfValue, -1);
    Deque<Integer> free = new ArrayDeque<>();
    for (int i = 0; i < ops.size(); i++) {
      Op op = ops.get(i);
      long floats = floats(op.out(), maxTokens, maxOutputs);
      int slot = inPlace(op, i, lastUse);
      if (slot < 0) slot = take(free, floats);
      slotFloats.set(slot, Math.max(slotFloats.get(slot), floats));
      slotOfValue[op.out().id()] = slot;
      for (Value in : op.inputs()) {
        int s = slotOfValue[in.id()];
        if (lastUse[in.id()] == i && s != slot && !free.contains(s)) free.push(s);
      }
    }
  }

  private int inPlace(Op op, int i, int[] lastUse) {
    boolean may =
        switch (op) {
          case Op.RmsNorm _, Op.Add _, Op.Scale _, Op.Softcap _, Op.Gate _, Op.Rope _ -> true;
          case Op.PositionScale _, Op.LayerNorm _, Op.Activate _ -> true;
          case Op.Embed _, Op.Linear _, Op.Attention _, Op.Route _, Op.Dispatch _ -> false;
          case Op.ExpertLinear _, Op.Combine _, Op.Outputs _ -> false;
        };
    if (!may) return -1;
    for (Value in : op.inputs()) {
      if (lastUse[in.id()] == i && in.sameShape(op.out())) return slotOfValue[in.id()];
    }
    return -1;
  }

  /** Takes the free buffer that wastes least, or a new one. */
  private int take(Deque<Integer> free, long floats) {
    int best = -1;
    for (int s : free) {
      if (best < 0
          || Math.abs(slotFloats.get(s) - floats) < Math.abs(slotFloats.get(best) - floats)) {
        best = s;
      }
    }
    if (best >= 0) {
      free.remove(best);
      return best;
    }
    slotFloats.add(0L);
    return slotFloats.size() - 1;
  }

  private static long floats(Value v, int maxTokens, int maxOutputs) {
    long rows =
        switch (v.rows()) {
          case TOKENS -> maxTokens;
          case ROUTED -> (long) maxTokens * v.perToken();
          case OUTPUTS -> maxOutputs;
        };
    return rows * v.cols();
  }

  /**
   * Allocates the buffers.
   *
   * @return for each value id its buffer
   * @throws IllegalArgumentException if one would be longer than an array can be
   */
  float[][] allocate() {
    float[][] slots = new float[slotFloats.size()][];
    for (int s = 0; s < slots.length; s++) {
      long n = slotFloats.get(s);
      if (n > Integer.MAX_VALUE - 64) {
        throw new IllegalArgumentException(
            "step buffer of " + n + " numbers is too large; ask for fewer outputs or tokens");
      }
      slots[s] = new float[(int) n];
    }
    float[][] ofValue = new float[slotOfValue.length][];
    for (int v = 0; v < ofValue.length; v++) {
      ofValue[v] = slotOfValue[v] < 0 ? new float[0] : slots[slotOfValue[v]];
    }
    return ofValue;
  }

  /** Returns the bytes of all buffers. */
  long bytes() {
    return slotFloats.stream().mapToLong(n -> n * Float.BYTES).sum();
  }
}
