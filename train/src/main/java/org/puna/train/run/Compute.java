package org.puna.train.run;

import org.puna.tensor.backends.Backends;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.tensor.cpu.scalar.ScalarKernels;
import org.puna.tensor.cpu.vector.VectorGradKernels;
import org.puna.tensor.cpu.vector.VectorKernels;

/**
 * What computes: kernels and a team of threads, owned together.
 *
 * @param kernels forward work
 * @param grads products and derivatives
 * @param team threads
 */
public record Compute(Kernels kernels, GradKernels grads, Team team) implements AutoCloseable {
  /** Opens the fastest kernels that this JVM can run. */
  public static Compute open(int threads) {
    Team team = new Team(threads);
    return Backends.hasVectorModule()
        ? new Compute(new VectorKernels(), new VectorGradKernels(), team)
        : new Compute(new ScalarKernels(), new ScalarGradKernels(), team);
  }

  @Override
  public void close() {
    team.close();
    grads.close();
    kernels.close();
  }
}
