package org.puna.fleet.estimate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;

/**
 * How a training run is spread over GPUs. Ranks are placed tensor innermost, then context, data and
 * pipeline, so that the busiest groups share a node.
 *
 * @param tp GPUs that share each layer's matrices
 * @param cp GPUs that share each sequence
 * @param pp stages of consecutive layers
 * @param dp replicas that each take a part of the batch
 * @param ep GPUs among the data-parallel ones that share each layer's experts
 * @param virtualStages interleaved chunks of layers on each stage, 1 for plain 1F1B
 */
public record Layout(int tp, int cp, int pp, int dp, int ep, int virtualStages) {
  /** Checks the degrees. */
  public Layout {
    for (Map.Entry<String, Integer> e :
        Map.of("tp", tp, "cp", cp, "pp", pp, "dp", dp, "ep", ep, "vpp", virtualStages).entrySet()) {
      if (e.getValue() < 1) {
        throw new BadInput("layout: " + e.getKey() + " must be at least 1, found " + e.getValue());
      }
    }
    if ((long) tp * cp * pp * dp > 100_000_000L) {
      throw new BadInput("layout: more than 100,000,000 GPUs; check the degrees");
    }
  }

  /** Returns the number of GPUs. */
  public int gpus() {
    return tp * cp * pp * dp;
  }

  /**
   * This layout with another interleaving.
   *
   * @param chunks chunks of each stage
   */
  public Layout withVirtualStages(int chunks) {
    return new Layout(tp, cp, pp, dp, ep, chunks);
  }

  @Override
  public String toString() {
    return "tp="
        + tp
        + ",cp="
        + cp
        + ",pp="
        + pp
        + ",dp="
        + dp
        + (ep > 1 ? ",ep=" + ep : "")
        + (virtualStages > 1 ? ",vpp=" + virtualStages : "");
  }

  /**
   * Reads {@code tp=8,cp=1,pp=16,dp=64}; what is missing is 1, but {@code dp} is what remains of
   * {@code gpus}.
   *
   * @param text the layout
   * @param gpus all GPUs, or 0 where the layout alone decides
   * @throws BadInput if it is malformed or does not divide the GPUs
   */
  public static Layout parse(String text, int gpus) {
    Map<String, Integer> v = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      String[] kv = part.strip().split("=", 2);
      String key = kv[0].strip();
      if (kv.length != 2 || !List.of("tp", "cp", "pp", "dp", "ep", "vpp").contains(key)) {
        throw new BadInput(
            "layout \""
                + text
                + "\": \""
                + part.strip()
                + "\" is not a degree; write for example"
                + " tp=8,cp=1,pp=16,dp=64 (also ep for experts, vpp for interleaving)");
      }
      int n;
      try {
        n = Integer.parseInt(kv[1].strip());
      } catch (NumberFormatException e) {
        throw new BadInput(
            "layout \""
                + text
                + "\": "
                + key
                + " must be a whole number, found \""
                + kv[1].strip()
                + "\"",
            e);
      }
      if (v.put(key, n) != null) {
        throw new BadInput("layout \"" + text + "\": " + key + " is given twice; keep one");
      }
    }
    Layout l =
        new Layout(
            v.getOrDefault("tp", 1),
            v.getOrDefault("cp", 1),
            v.getOrDefault("pp", 1),
            v.getOrDefault("dp", 1),
            v.getOrDefault("ep", 1),
            v.getOrDefault("vpp", 1));
    if (gpus <= 0) return l;
    if (!v.containsKey("dp")) {
      int rest = l.tp * l.cp * l.pp;
      if (gpus % rest != 0) {
        throw new BadInput(
            "layout "
                + l
                + ": tp·cp·pp = "
                + rest
                + " does not divide "
                + gpus
                + " GPUs; change a degree or --gpus");
      }
      return new Layout(l.tp, l.cp, l.pp, gpus / rest, l.ep, l.virtualStages);
    }
    if (l.gpus() != gpus) {
      throw new BadInput(
          "layout "
              + l
              + " is for "
              + l.gpus()
              + " GPUs, but --gpus says "
              + gpus
              + "; make tp·cp·pp·dp equal to it");
    }
    return l;
  }

  /**
   * Layers of the largest stage. Layers are spread evenly; where they do not divide, the embedding
   * and the head may stand in for one layer each, as in Llama 3 (126 + 2 over 16 stages).
   *
   * @param nLayers layers of the model
   * @throws BadInput if the layers cannot be spread
   */
  public int stageLayers(int nLayers) {
    int spread = spread(nLayers, pp);
    if (spread > 0) return spread;
    String good =
        IntStream.rangeClosed(1, nLayers)
            .filter(p -> spread(nLayers, p) > 0)
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(", "));
    throw new BadInput(
        "layout "
            + this
            + ": "
            + nLayers
            + " layers do not divide into "
            + pp
            + " stages; choose pp of "
            + good);
  }

  /** Layers of the largest of some stages, 0 where they cannot be spread. */
  private static int spread(int nLayers, int stages) {
    for (int standIn = 0; standIn <= (stages > 1 ? 2 : 0); standIn++) {
      if ((nLayers + standIn) % stages == 0) return (nLayers + standIn) / stages;
    }
    return 0;
  }

  /**
   * Checks that a model and a batch divide.
   *
   * @param model the model
   * @param seq tokens of a sequence
   * @param batch sequences of an iteration
   * @param microBatch sequences of a micro-batch
   * @throws BadInput with the remedy if something does not divide
   */
  public void check(ModelConfig model, int seq, int batch, int microBatch) {
    int heads = model.attention().splitHeads();
    require(heads % tp == 0, heads + " heads", "tp", tp);
    require(model.ffn().dim() % tp == 0, "the feed-forward width " + model.ffn().dim(), "tp", tp);
    require(seq % cp == 0, "a sequence of " + seq + " tokens", "cp", cp);
    require(batch % dp == 0, "the batch of " + batch + " sequences", "dp", dp);
    require(
        batch / dp % microBatch == 0,
        "the " + batch / dp + " sequences of each replica",
        "micro-batch",
        microBatch);
    if (ep > 1) {
      int experts = model.moe().map(ModelConfig.Moe::nExperts).orElse(0);
      if (experts == 0) {
        throw new BadInput("layout " + this + ": ep needs a model with experts; remove ep");
      }
      require(experts % ep == 0, experts + " experts", "ep", ep);
      require(dp * cp % ep == 0, "dp·cp = " + dp * cp, "ep", ep);
    }
    int stage = stageLayers(model.nLayers());
    require(
        stage % virtualStages == 0, "the " + stage + " layers of a stage", "vpp", virtualStages);
    if (virtualStages > 1 && pp == 1) {
      throw new BadInput("layout " + this + ": vpp needs a pipeline; set pp above 1 or remove vpp");
    }
  }

  private void require(boolean divides, String what, String by, int n) {
    if (!divides) {
      throw new BadInput(
          "layout "
              + this
              + ": "
              + what
              + " does not divide by "
              + by
              + "="
              + n
              + "; change "
              + by);
    }
  }
}
