package org.puna.app.run;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.puna.model.config.BadInput;
import org.puna.tensor.Backend;
import org.puna.tensor.cpu.CpuBackend;
import org.puna.tensor.cpu.scalar.ScalarKernels;
import org.puna.tensor.cpu.vector.VectorKernels;

/** The backends that this program can run graphs on. */
final class Backends {
  private static final Logger LOG = System.getLogger(Backends.class.getName());
  private static final String MODULE = "jdk.incubator.vector";

  private Backends() {}

  /**
   * Returns a new backend.
   *
   * @param name {@code auto}, {@code cpu.vector} or {@code cpu.scalar}
   * @param threads members of its team
   * @throws BadInput if there is no such backend here
   */
  static Backend open(String name, int threads) {
    boolean vectors = ModuleLayer.boot().findModule(MODULE).isPresent();
    Backend backend =
        switch (name) {
          case "auto" -> vectors ? vector(threads, "the fastest here") : fallback(threads);
          case "cpu.vector" -> {
            if (!vectors) {
              throw new BadInput(
                  "--backend cpu.vector: this JVM runs without the Vector API; start it with"
                      + " --add-modules "
                      + MODULE
                      + ", as ./puna does");
            }
            yield vector(threads, "asked for");
          }
          case "cpu.scalar" -> new CpuBackend(new ScalarKernels(), threads, "asked for");
          default ->
              throw new BadInput(
                  "--backend: expected auto, cpu.vector or cpu.scalar, found '" + name + "'");
        };
    LOG.log(Level.INFO, backend.describe());
    return backend;
  }

  private static Backend vector(int threads, String reason) {
    return new CpuBackend(new VectorKernels(), threads, reason);
  }

  private static Backend fallback(int threads) {
    LOG.log(
        Level.WARNING,
        "this JVM runs without the Vector API, so plain loops compute, many times slower; start it"
            + " with --add-modules "
            + MODULE);
    return new CpuBackend(new ScalarKernels(), threads, "no Vector API in this JVM");
  }
}
