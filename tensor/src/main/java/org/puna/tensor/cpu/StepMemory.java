package org.puna.tensor.cpu;

import org.puna.tensor.Graph;

/** What a graph will take beside its weights and its cache. */
public final class StepMemory {
  private StepMemory() {}

  /**
   * Bytes of the buffers of one compiled graph: every value of a step, where values that are not
   * needed at the same time share a buffer. The same number as {@link
   * org.puna.tensor.Program#bytes()}, without taking the memory.
   *
   * @param maxTokens tokens of a step at most
   * @param maxOutputs outputs of a step at most
   */
  public static long bytes(Graph graph, int maxTokens, int maxOutputs) {
    return new BufferPlan(graph, maxTokens, maxOutputs).bytes();
  }
}
