package org.puna.tensor.cpu;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.KvCache;
import org.puna.tensor.KvType;
import org.puna.tensor.Op;
import org.puna.tensor.Program;
import org.puna.tensor.Repacked;
import org.puna.tensor.Repacking;
import org.puna.tensor.Tensor;

/**
 * Runs graphs on the processor's cores through one set of kernels. Programs of one backend take
 * turns on its team, step by step in the order of asking.
 */
public final class CpuBackend implements Backend {
  private static final System.Logger LOG = System.getLogger(CpuBackend.class.getName());

  /** Share of the memory that weights and copies of them may take together. */
  private static final double MEMORY_SHARE = 0.6;

  private final Kernels kernels;
  private final Team team;
  private final String reason;
  private final Repacking repacking;

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
    this(kernels, threads, reason, Repacking.FLOAT32);
  }

  /**
   * A backend that owns its kernels and its team.
   *
   * @param kernels the numeric work, which rounds activations where {@code repacking} says so
   * @param threads members of the team, at least 1
   * @param reason why these kernels, for people
   * @param repacking what {@link #repack} allows
   */
  public CpuBackend(Kernels kernels, int threads, String reason, Repacking repacking) {
    this.repacking = repacking;
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
  public Repacked repack(Graph graph, int after) {
    if (repacking == Repacking.NONE) return Repacked.NONE;
    int before = repacking == Repacking.INT8 ? 0 : after;
    List<Tensor> matrices = new ArrayList<>();
    for (Op op : graph.ops()) {
      switch (op) {
        case Op.Linear o -> matrices.add(o.weight().tensor());
        case Op.ExpertLinear o -> {
          Tensor all = o.weight().tensor();
          for (long e = 0; e < all.dim(0); e++) matrices.add(all.slice(e));
        }
        default -> {}
      }
    }
    long weights = graph.params().stream().mapToLong(p -> p.tensor().data().byteSize()).sum();
    return inTurn(() -> {
      Repacked allowed = kernels.repack(matrices, before);
      boolean none = allowed.bytes() == 0;
      boolean fits = weights + allowed.bytes() <= MEMORY_SHARE * memory();
      if (repacking == Repacking.INT8 && (none || !fits)) warn(none);
      if (fits) return new InTurn(allowed);
      allowed.close();
      return Repacked.NONE;
    });
  }

  private static void warn(boolean none) {
    LOG.log(
        System.Logger.Level.WARNING,
        none
            ? "activations stay float32: 8 bits are for weights in Q8_0, Q4_0, Q4_K and Q6_K, and"
                + " vectors of 256 bits or more"
            : "activations of 8 bits gain nothing: there is no memory for copies of the weights");
  }

  private <T> T inTurn(Supplier<T> work) {
    turn.lock();
    try {
      return work.get();
    } finally {
      turn.unlock();
    }
  }

  /** Copies that no step uses while they are freed. */
  private final class InTurn implements Repacked {
    private final Repacked copies;

    InTurn(Repacked copies) {
      this.copies = copies;
    }

    @Override
    public long bytes() {
      return copies.bytes();
    }

    @Override
    public void close() {
      inTurn(() -> {
        copies.close();
        return this;
      });
    }
  }

  /** Returns the bytes of memory of this machine, or of the container. */
  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
        ? os.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }

  @Override
  public void close() {
    team.close();
    kernels.close();
  }
}
