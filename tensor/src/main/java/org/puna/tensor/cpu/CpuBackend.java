package org.puna.tensor.cpu;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.KvType;
import org.puna.tensor.Program;

/**
 * Runs graphs on the processor's cores through one set of kernels. Programs of one backend take
 * turns on its team, step by step in the order of asking.
 */
public final class CpuBackend implements Backend {
  private final Kernels kernels;
  private final Team team;
  private final String reason;

  // Fair, so that a program that runs step after step does not keep another waiting for ever.
  private final Lock turn = new ReentrantLock(true);

  /**
   * A backend that owns its kernels and its team.
   *
   * @param kernels the numeric work
   * @param threads members of the team, at least 1
   * @param reason why these kernels, for people
   */
  public CpuBackend(Kernels kernels, int threads, String reason) {
    this.kernels = kernels;
    this.team = new Team(threads);
    this.reason = reason;
  }

  @Override
  public String name() {
    return "cpu." + kernels.name();
  }

  @Override
  public String describe() {
    return name()
        + ": "
        + kernels.describe()
        + ", "
        + team.size()
        + (team.size() == 1 ? " thread" : " threads")
        + " ("
        + reason
        + ")";
  }

  @Override
  public Program compile(Graph graph, int maxTokens, int maxOutputs) {
    return new CpuProgram(graph, kernels, team, turn, maxTokens, maxOutputs);
  }

  @Override
  public KvCache cache(Graph graph, int pages, int pageTokens, KvType type) {
    return new CpuKvCache(graph.layers(), pages, pageTokens, type);
  }

  @Override
  public void close() {
    team.close();
    kernels.close();
  }
}
