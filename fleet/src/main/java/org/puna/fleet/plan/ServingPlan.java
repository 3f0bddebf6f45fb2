package org.puna.fleet.plan;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.puna.fleet.estimate.Machine;
import org.puna.fleet.formula.DecodeRoofline;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * GPUs to serve a model to a number of users at a latency, from rooflines and cache memory.
 *
 * @param gpusPerReplica GPUs that share one copy of the weights
 * @param replicas copies
 * @param batch sequences that one replica decodes together
 * @param stepMillis time of one decoding step, the time between two tokens of a user
 * @param tokensPerSecond tokens that all replicas decode in a second
 * @param prefillMillis time of a prompt on an idle replica
 * @param prefillShare part of the time that replicas spend on prompts
 * @param weightGb memory of the weights of a replica
 * @param cacheGb memory of the cache of a full batch
 * @param bound what limits a step
 */
public record ServingPlan(
    int gpusPerReplica,
    long replicas,
    long batch,
    double stepMillis,
    double tokensPerSecond,
    double prefillMillis,
    double prefillShare,
    double weightGb,
    double cacheGb,
    String bound) {

  /** Part of a GPU's memory that weights and cache may fill. */
  private static final double USABLE = 0.9;

  /**
   * Part of the memory bandwidth that decoding kernels reach; Pope et al. and vLLM report 0.6-0.8.
   */
  private static final double BANDWIDTH = 0.7;

  /** Part of the matrix rate that prefill reaches. */
  private static final double PREFILL = 0.6;

  /** Seconds of one collective of a decoding step; two for each layer. */
  private static final double COLLECTIVE = 10e-6;

  /** Returns all GPUs. */
  public long gpus() {
    return gpusPerReplica * replicas;
  }

  /**
   * What is asked.
   *
   * @param model the model
   * @param users users that receive tokens at the same time
   * @param tokensPerSecondPerUser tokens that each receives in a second, at least
   * @param promptTokens mean tokens of a prompt
   * @param contextTokens mean tokens in the cache of a user
   * @param answerTokens mean tokens of an answer
   * @param weightBytes bytes of one parameter
   * @param cacheBytes bytes of one number in the cache
   */
  public record Ask(
      ModelConfig model,
      double users,
      double tokensPerSecondPerUser,
      int promptTokens,
      int contextTokens,
      int answerTokens,
      double weightBytes,
      double cacheBytes) {}

  /**
   * The plan with the fewest GPUs.
   *
   * @param ask what is asked
   * @param machine on what
   * @throws BadInput if no number of GPUs of one server meets the latency
   */
  public static ServingPlan of(Ask ask, Machine machine) {
    ServingPlan best = null;
    for (int gpus = 1; gpus <= machine.nodeChips(); gpus *= 2) {
      ServingPlan p = with(ask, machine, gpus);
      if (p != null && (best == null || p.gpus() < best.gpus())) best = p;
    }
    if (best == null) {
      int most = Integer.highestOneBit(machine.nodeChips());
      double weights = weights(ask);
      double room = room(machine, most);
      double cache = cacheOfUser(ask, most);
      if (weights + cache > room) {
        throw new BadInput(
            String.format(
                    Locale.ROOT,
                    "serve-capacity: %.1f GB of weights and %.1f GB of cache of one user do not fit"
                        + " the %.1f GB that %d %s of one server have for them;",
                    weights / 1e9,
                    cache / 1e9,
                    room / 1e9,
                    most,
                    machine.chip().name())
                + " lower --weight-bits or --context, or take a larger chip");
      }
      throw new BadInput(
          String.format(
                  Locale.ROOT,
                  "serve-capacity: one server of %d %s cannot decode %.0f tokens/s for a user of"
                      + " this model;",
                  machine.nodeChips(),
                  machine.chip().name(),
                  ask.tokensPerSecondPerUser())
              + " lower --tokens-per-second, quantise the weights, or take a larger chip");
    }
    return best;
  }

  private static double weights(Ask ask) {
    return ModelSize.parameters(ask.model()).total() * ask.weightBytes();
  }

  private static double room(Machine machine, int gpus) {
    return gpus * machine.chip().memoryGb() * 1e9 * USABLE;
  }

  /** Cache of one user on all GPUs together; those that outnumber the heads repeat them. */
  private static double cacheOfUser(Ask ask, int gpus) {
    ModelConfig.Attention a = ask.model().attention();
    double repeated = a.kvDim(gpus) * gpus / a.kvDim();
    return repeated * ModelSize.kvBytes(ask.model(), ask.contextTokens(), ask.cacheBytes());
  }

  private static @Nullable ServingPlan with(Ask ask, Machine machine, int gpus) {
    ModelConfig m = ask.model();
    double weights = weights(ask);
    double active = ModelSize.activeParameters(m).total();
    double memory = room(machine, gpus) - weights;
    double perUser = cacheOfUser(ask, gpus);
    long most = (long) Math.min(Math.floor(memory / perUser), 4096);
    if (memory <= 0 || most < 1) return null;
    double bandwidth = gpus * machine.chip().bandwidthTbps() * 1e12 * BANDWIDTH;
    double rate = gpus * machine.achievableFlops(Machine.Precision.BF16);
    double collectives = gpus == 1 ? 0 : 2.0 * m.nLayers() * COLLECTIVE;
    double perToken = ModelSize.forwardFlops(m, 1, ModelSize.AttentionCount.CAUSAL).matmuls();
    double prompt =
        ModelSize.forwardFlops(m, ask.promptTokens(), ModelSize.AttentionCount.CAUSAL).total()
            * ask.promptTokens();
    double prefill = prompt / (rate * PREFILL) + collectives;
    double limit = 1 / ask.tokensPerSecondPerUser();
    // The largest batch whose step, with its share of prompts, keeps the latency.
    for (long batch = most; batch >= 1; batch = Math.min(batch - 1, batch * 9 / 10)) {
      // A batch of a model with experts soon reads all of them.
      double read = Math.min(1, batch * active / ModelSize.parameters(m).total());
      double step =
          collectives
              + DecodeRoofline.seconds(
                  weights * read, batch * perUser, batch * perToken, bandwidth, rate * PREFILL);
      double prefillPerStep = batch * prefill / ask.answerTokens();
      double latency = step + prefillPerStep;
      if (latency <= limit) {
        long replicas = (long) Math.ceil(ask.users() / batch);
        boolean compute =
            batch * perToken / (rate * PREFILL) > (weights * read + batch * perUser) / bandwidth;
        return new ServingPlan(
            gpus,
            replicas,
            batch,
            latency * 1e3,
            replicas * batch / latency,
            prefill * 1e3,
            prefillPerStep / latency,
            weights / 1e9,
            batch * perUser / 1e9,
            compute ? "arithmetic" : batch == most ? "memory size" : "memory bandwidth");
      }
    }
    return null;
  }
}
