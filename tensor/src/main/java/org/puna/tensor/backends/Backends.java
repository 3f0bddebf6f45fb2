package org.puna.tensor.backends;

import java.util.List;
import org.puna.tensor.Backend;
import org.puna.tensor.Repacking;
import org.puna.tensor.cpu.CpuBackend;
import org.puna.tensor.cpu.scalar.ScalarKernels;
import org.puna.tensor.cpu.vector.VectorKernels;

/** The backends by name. */
public final class Backends {
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private Backends() {}

  /** Returns the names that {@link #open} knows. */
  public static List<String> names() {
    return List.of("auto", "cpu.vector", "cpu.scalar");
  }

  /** Returns whether this JVM was started with the Vector API. */
  public static boolean hasVectorModule() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  /**
   * Opens a backend.
   *
   * @param name one of {@link #names}; {@code auto} takes the fastest that this JVM can run
   * @param threads threads to compute with, at least 1
   * @throws IllegalArgumentException if the name is unknown, or cannot run here: the message says
   *     why
   */
  public static Backend open(String name, int threads) {
    return open(name, threads, Repacking.FLOAT32);
  }

  /**
   * Opens a backend.
   *
   * @param name one of {@link #names}; {@code auto} takes the fastest that this JVM can run
   * @param threads threads to compute with, at least 1
   * @param repacking what it does with copies of weights in a layout of its own, see {@link
   *     Backend#repack}; scalar kernels make none
   * @throws IllegalArgumentException if the name is unknown, or cannot run here: the message says
   *     why
   */
  public static Backend open(String name, int threads, Repacking repacking) {
    return switch (name) {
      case "auto" ->
          hasVectorModule()
              ? new CpuBackend(kernels(repacking), threads, "the fastest here", repacking)
              : new CpuBackend(
                  new ScalarKernels(),
                  threads,
                  "slow: start Java with --add-modules " + VECTOR_MODULE + " for vector kernels");
      case "cpu.vector" -> {
        if (!hasVectorModule()) {
          throw new IllegalArgumentException(
              "backend cpu.vector: this JVM runs without the module "
                  + VECTOR_MODULE
                  + "; start Java with --add-modules "
                  + VECTOR_MODULE);
        }
        yield new CpuBackend(kernels(repacking), threads, "asked for", repacking);
      }
      case "cpu.scalar" -> new CpuBackend(new ScalarKernels(), threads, "asked for");
      default ->
          throw new IllegalArgumentException(
              "backend \"" + name + "\" is unknown; choose one of " + String.join(", ", names()));
    };
  }

  private static VectorKernels kernels(Repacking repacking) {
    return new VectorKernels(repacking == Repacking.INT8);
  }
}
