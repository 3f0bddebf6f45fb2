package org.puna.server.serving;

import java.util.function.Supplier;
import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.KvType;

/**
 * How models are served.
 *
 * @param backends makes a backend for a model, which closes it
 * @param contextLength positions of one sequence at most, 0 for the model's own, {@value
 *     org.puna.engine.EngineOptions#DEFAULT_CONTEXT} at most
 * @param maxSequences answers that a model gives at the same time
 * @param maxQueue answers that wait for a model beyond those that it gives
 * @param memoryBytes memory of all loaded models together
 * @param kv how keys and values are cached
 */
public record ServingOptions(
    Supplier<Backend> backends,
    int contextLength,
    int maxSequences,
    int maxQueue,
    long memoryBytes,
    KvType kv) {
  /** Options with a cache of float32. */
  public ServingOptions(
      Supplier<Backend> backends,
      int contextLength,
      int maxSequences,
      int maxQueue,
      long memoryBytes) {
    this(backends, contextLength, maxSequences, maxQueue, memoryBytes, KvType.F32);
  }

  /** Checks the sizes. */
  public ServingOptions {
    if (contextLength < 0) {
      throw new BadInput(
          "context: expected positions, or 0 for the default, found " + contextLength);
    }
    if (maxSequences < 1 || maxSequences > 4096) {
      throw new BadInput("parallel answers: expected 1 to 4096, found " + maxSequences);
    }
    if (maxQueue < 0) throw new BadInput("queue: expected 0 or more, found " + maxQueue);
    if (memoryBytes < 1) throw new BadInput("memory: expected bytes, found " + memoryBytes);
  }
}
