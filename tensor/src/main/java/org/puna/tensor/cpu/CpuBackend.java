package org.puna.tensor.cpu;

import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.Program;

/**
 * Runs graphs on the processor's cores through one set of kernels. Programs of one backend take
 * turns on its team.
 */
public final class CpuBackend implements Backend {
  private final Kernels kernels;
  private final Team team;
  private final String reason;

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
    return new CpuProgram(graph, kernels, team, maxTokens, maxOutputs);
  }

  @Override
  public KvCache cache(Graph graph, int pages, int pageTokens) {
    return new CpuKvCache(graph.layers(), pages, pageTokens);
  }

  @Override
  public void close() {
    team.close();
    kernels.close();
  }
}
