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
 * @param batch sequences that one replica decodes together, with all users there
 * @param stepMillis time of one decoding step, the time between two tokens of a user
 * @param tokensPerSecond tokens that all users receive in a second
 * @param prefillMillis time of a prompt on an idle replica
 * @param prefillShare part of the time that replicas spend on prompts
 * @param weightGb memory of the weights of a replica
 * @param cacheGb memory of the cache of this batch
 * @param bound what keeps replicas from serving more: memory size, or what a step spends most on
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

  /** Most sequences that one replica decodes together. */
  private static final int MOST_TOGETHER = 4096;

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

  /**
   * Cache of one user on all GPUs together; those that outnumber the heads repeat them, and latents
   * are for all heads, so each GPU has them.
   */
  private static double cacheOfUser(Ask ask, int gpus) {
    ModelConfig.Attention a = ask.model().attention();
    double repeated = a.latent().isPresent() ? gpus : a.kvDim(gpus) * gpus / a.kvDim();
    return repeated * ModelSize.kvBytes(ask.model(), ask.contextTokens(), ask.cacheBytes());
  }

  private static @Nullable ServingPlan with(Ask ask, Machine machine, int gpus) {
    double memory = room(machine, gpus) - weights(ask);
    double perUser = cacheOfUser(ask, gpus);
    double kept = Math.floor(memory / perUser);
    long most = (long) Math.min(kept, MOST_TOGETHER);
    if (memory <= 0 || most < 1) return null;
    Costs costs = Costs.of(ask, machine, gpus);
    double limit = 1 / ask.tokensPerSecondPerUser();
    if (costs.step(1).latency() > limit) return null;
    long batch = largest(costs, most, limit);
    long replicas = (long) Math.ceil(ask.users() / batch);
    // Replicas share the users, so a small service decodes fewer together than it could.
    long each = (long) Math.ceil(ask.users() / replicas);
    Step step = costs.step(each);
    return new ServingPlan(
        gpus,
        replicas,
        each,
        step.latency() * 1e3,
        ask.users() / step.latency(),
        costs.prompt() * 1e3,
        step.prompts() / step.latency(),
        weights(ask) / 1e9,
        each * perUser / 1e9,
        batch == kept && replicas > 1 ? "memory size" : step.bound());
  }

  /** The largest batch that keeps the latency, which grows with the batch; 1 is known to. */
  private static long largest(Costs costs, long most, double limit) {
    long keeps = 1;
    long fails = most + 1;
    while (fails - keeps > 1) {
      long middle = (keeps + fails) / 2;
      if (costs.step(middle).latency() <= limit) keeps = middle;
      else fails = middle;
    }
    return keeps;
  }

  /**
   * Seconds between two tokens of a user, by what takes them.
   *
   * @param collectives exchanges between the GPUs of a replica
   * @param decoding reading weights and cache, or arithmetic
   * @param arithmetic of the tokens that are decoded, hidden where reading takes longer
   * @param prompts of the users that come in
   */
  private record Step(double collectives, double decoding, double arithmetic, double prompts) {
    double latency() {
      return collectives + decoding + prompts;
    }

    String bound() {
      if (prompts >= Math.max(decoding, collectives)) return "arithmetic of prompts";
      if (collectives > decoding) return "exchanges between GPUs";
      return arithmetic >= decoding ? "arithmetic" : "memory bandwidth";
    }
  }

  /**
   * What a replica's GPUs have and what a model asks of them.
   *
   * @param ask what is asked
   * @param bandwidth bytes a second that kernels reach
   * @param rate operations a second that kernels reach
   * @param cache bytes of cache of a user
   * @param collectives seconds of exchanges of a step
   * @param token operations of a decoded token
   * @param prompt seconds of a prompt
   */
  private record Costs(
      Ask ask,
      double bandwidth,
      double rate,
      double cache,
      double collectives,
      double token,
      double prompt) {
    static Costs of(Ask ask, Machine machine, int gpus) {
      ModelConfig m = ask.model();
      double rate = gpus * machine.achievableFlops(Machine.Precision.BF16) * PREFILL;
      double collectives = gpus == 1 ? 0 : 2.0 * m.nLayers() * COLLECTIVE;
      double prompt =
          ModelSize.forwardFlops(m, ask.promptTokens(), ModelSize.AttentionCount.CAUSAL).total()
              * ask.promptTokens();
      return new Costs(
          ask,
          gpus * machine.chip().bandwidthTbps() * 1e12 * BANDWIDTH,
          rate,
          cacheOfUser(ask, gpus),
          collectives,
          ModelSize.forwardFlops(m, 1, ModelSize.AttentionCount.CAUSAL).matmuls()
              + ModelSize.decodeAttentionFlops(m, ask.contextTokens()),
          prompt / rate + collectives);
    }

    Step step(long batch) {
      double weights = weightsRead(ask.model(), batch) * ask.weightBytes();
      double flops = batch * token;
      return new Step(
          collectives,
          DecodeRoofline.seconds(weights, batch * cache, flops, bandwidth, rate),
          flops / rate,
          batch * prompt / ask.answerTokens());
    }
  }

  /**
   * Parameters that a step reads: all but routed experts, and of these the ones that at least one
   * token of the batch visits. A token visits k of E, so an expert is left out by all B with
   * probability (1 − k/E)^B where routing is balanced.
   *
   * @param m the model
   * @param batch tokens that are decoded together
   */
  static double weightsRead(ModelConfig m, long batch) {
    double all = ModelSize.parameters(m).total();
    double routed = ModelSize.expertParameters(m);
    if (routed == 0) return all;
    ModelConfig.Moe moe = m.moe().orElseThrow();
    return all - routed * Math.pow(1 - (double) moe.nActive() / moe.nExperts(), (double) batch);
  }
}
