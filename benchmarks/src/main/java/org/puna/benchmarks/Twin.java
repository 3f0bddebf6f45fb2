package org.puna.benchmarks;

import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.Team;
import org.puna.tensor.cpu.scalar.ScalarGradKernels;
import org.puna.tensor.cpu.scalar.ScalarKernels;
import org.puna.tensor.cpu.vector.VectorGradKernels;
import org.puna.tensor.cpu.vector.VectorKernels;

/**
 * An operation of {@link Kernels} or {@link GradKernels}, once with the vector kernels and once
 * with the scalar ones that are their oracle: same sizes, same numbers.
 */
public abstract class Twin extends Measured {
  /** Which kernels. */
  @Param({"cpu.vector", "cpu.scalar"})
  String backend = "cpu.vector";

  /** Members of the team, 0 for one on each core. */
  @Param("0")
  int threads;

  private Team team = new Team(1);
  private Kernels kernels = new ScalarKernels();
  private GradKernels gradKernels = new ScalarGradKernels();

  /** An operation without numbers yet. */
  protected Twin() {}

  /** Starts the team and makes the numbers. */
  @Setup
  public void open() {
    team = new Team(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
    switch (backend) {
      case "cpu.vector" -> {
        kernels = new VectorKernels(int8());
        gradKernels = new VectorGradKernels();
      }
      case "cpu.scalar" -> {
        kernels = new ScalarKernels();
        gradKernels = new ScalarGradKernels();
      }
      default ->
          throw new IllegalArgumentException("no kernels " + backend + ": cpu.vector, cpu.scalar");
    }
    prepare(new Numbers());
  }

  /** Returns whether products round activations to eight bits. */
  boolean int8() {
    return false;
  }

  /** Makes the numbers that one operation needs. */
  abstract void prepare(Numbers numbers);

  /** Stops the team and lets go of memory. */
  @TearDown
  public void close() {
    team.close();
    kernels.close();
    gradKernels.close();
  }

  final Team team() {
    return team;
  }

  final Kernels kernels() {
    return kernels;
  }

  final GradKernels gradKernels() {
    return gradKernels;
  }
}
