package org.puna.fleet.estimate;

import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;

/**
 * Seconds of one layer for one micro-batch on one GPU, forward and backward with recomputation.
 *
 * @param gemm matrix products
 * @param attention scores and weighted values
 * @param elementwise norms, activations, residuals
 * @param tensor tensor-parallel collectives
 * @param context exchange of keys and values between context-parallel ranks
 * @param expert exchange of tokens between expert-parallel ranks
 * @param host waiting for the host to launch kernels, beyond all the above
 * @param backward the part of the sum that is backward work
 */
record LayerTime(
    double gemm,
    double attention,
    double elementwise,
    double tensor,
    double context,
    double expert,
    double host,
    double backward) {

  /** Host work of a backward pass over that of a forward pass: two products for each one. */
  private static final double BACKWARD_LAUNCHES = 1.5;

  /** FLOPs of a fused attention kernel's backward over its forward, with its own recomputation. */
  private static final double FUSED_BACKWARD = 2.5;

  private static final int BYTES = 2;

  /** Bytes moved to cast an operand to FP8 and to keep its transpose. */
  private static final double CAST = 4;

  double total() {
    return gemm + attention + elementwise + tensor + context + expert + host;
  }

  LayerTime plus(LayerTime o) {
    return new LayerTime(
        gemm + o.gemm,
        attention + o.attention,
        elementwise + o.elementwise,
        tensor + o.tensor,
        context + o.context,
        expert + o.expert,
        host + o.host,
        backward + o.backward);
  }

  LayerTime times(double f) {
    return new LayerTime(
        gemm * f,
        attention * f,
        elementwise * f,
        tensor * f,
        context * f,
        expert * f,
        host * f,
        backward * f);
  }

  /** The mean layer of a model, dense layers and those with experts by their number. */
  static LayerTime mean(TrainingRun run, Kernels k, Calibration c) {
    ModelConfig m = run.model();
    double share = (double) ModelSize.expertLayers(m) / m.nLayers();
    LayerTime mean = new LayerTime(0, 0, 0, 0, 0, 0, 0, 0);
    if (share < 1) mean = mean.plus(layer(run, k, c, false).times(1 - share));
    if (share > 0) mean = mean.plus(layer(run, k, c, true).times(share));
    return mean;
  }

  /** Work of one pass, before launches are considered. */
  private record Work(
      double gemm,
      double attention,
      double elementwise,
      double tensor,
      double context,
      double expert) {
    double device() {
      return gemm + attention + elementwise + tensor + context + expert;
    }
  }

  private static LayerTime layer(TrainingRun run, Kernels k, Calibration c, boolean experts) {
    Layout l = run.layout();
    Work f = forward(run, k, c, experts);
    Work b = backward(run, k, c, experts);
    double host = k.host(l.tp());
    LayerTime t = timed(f, k.pass(f.device(), host, l.tp()), false);
    LayerTime back = timed(b, k.pass(b.device(), host * BACKWARD_LAUNCHES, l.tp()), true);
    return t.plus(back).plus(again(run, k, f, t).times(run.recomputed()));
  }

  /** What the backward pass computes again, of a forward pass of work {@code f} and time t. */
  private static LayerTime again(TrainingRun run, Kernels k, Work f, LayerTime t) {
    return switch (run.recompute()) {
      case NONE -> new LayerTime(0, 0, 0, 0, 0, 0, 0, 0);
      case FULL -> {
        LayerTime all =
            new LayerTime(
                t.gemm,
                t.attention,
                t.elementwise,
                t.tensor,
                t.context,
                t.expert,
                t.host,
                t.total());
        if (!PyTorch.stopsEarly(run)) yield all;
        double ffn = (double) run.model().ffn().dim() / run.layout().tp();
        double last = k.gemm(tokens(run), run.model().dModel(), ffn);
        yield all.plus(new LayerTime(-last, 0, 0, 0, 0, 0, 0, -last));
      }
      case SELECTIVE -> {
        if (run.software().framework().pytorch()) {
          int tp = run.layout().tp();
          double products = 0;
          for (double[] p : PyTorch.repeated(run.model(), tp)) {
            products += k.gemm(tokens(run), p[0], p[1]);
          }
          // Only a fused kernel's result is kept; separate ones run again.
          double scores = run.software().fusedAttention() ? 0 : f.attention();
          double all = products + scores + f.elementwise();
          yield new LayerTime(products, scores, f.elementwise(), 0, 0, 0, 0, all);
        }
        // Unfused: the scores again. Fused: norms and the gate's product, half of the traffic.
        boolean fused = run.software().fusedAttention();
        double scores = fused ? 0 : f.attention();
        double traffic = fused ? f.elementwise() / 2 : 0;
        yield new LayerTime(0, scores, traffic, 0, 0, 0, 0, scores + traffic);
      }
    };
  }

  private static LayerTime timed(Work w, double seconds, boolean backward) {
    return new LayerTime(
        w.gemm(),
        w.attention(),
        w.elementwise(),
        w.tensor(),
        w.context(),
        w.expert(),
        seconds - w.device(),
        backward ? seconds : 0);
  }

  private static Work forward(TrainingRun run, Kernels k, Calibration c, boolean experts) {
    return new Work(
        products(run, k, experts, false),
        attention(run, k, false),
        elementwise(run, k, c, experts, false),
        2 * tensor(run, k, 1),
        context(run, k),
        experts ? 2 * exchange(run, k) : 0);
  }

  private static Work backward(TrainingRun run, Kernels k, Calibration c, boolean experts) {
    return new Work(
        products(run, k, experts, true),
        attention(run, k, true),
        elementwise(run, k, c, experts, true),
        2 * tensor(run, k, c.get(Constant.BACKWARD_COLLECTIVES)),
        2 * context(run, k),
        experts ? 2 * exchange(run, k) : 0);
  }

  private static double tokens(TrainingRun run) {
    return (double) run.microBatch() * run.seq() / run.layout().cp();
  }

  private static double product(Kernels k, double m, double n, double inner, boolean backward) {
    return backward ? k.gemmBackward(m, n, inner) : k.gemm(m, n, inner);
  }

  private static double products(TrainingRun run, Kernels k, boolean experts, boolean back) {
    ModelConfig m = run.model();
    double tokens = tokens(run);
    double t = run.layout().tp();
    double h = m.dModel();
    double q = m.attention().qDim();
    double kv = m.attention().kvDim(run.layout().tp());
    // Models with a gate are written with a product for each matrix in PyTorch.
    boolean apart = run.software().framework().pytorch() && m.ffn().gated();
    double in =
        apart
            ? product(k, tokens, q / t, h, back) + 2 * product(k, tokens, kv, h, back)
            : product(k, tokens, q / t + 2 * kv, h, back);
    double s = in + product(k, tokens, h, q / t, back);
    double up = m.ffn().gated() ? 2 : 1;
    if (!experts && apart) {
      double dim = m.ffn().dim() / t;
      return s + 2 * product(k, tokens, dim, h, back) + product(k, tokens, h, dim, back);
    }
    if (!experts) return s + feedForward(k, tokens, up, m.ffn().dim() / t, h, back);
    ModelConfig.Moe moe = m.moe().orElseThrow();
    double ep = run.layout().ep();
    double here = moe.nExperts() / ep;
    double each = tokens * moe.nActive() * ep / moe.nExperts();
    s += product(k, tokens, moe.nExperts(), h, back);
    s += here * feedForward(k, Math.max(1, each), up, moe.dim() / t, h, back);
    if (moe.sharedDim() > 0) s += feedForward(k, tokens, up, moe.sharedDim() / t, h, back);
    return s;
  }

  private static double feedForward(
      Kernels k, double tokens, double up, double dim, double h, boolean back) {
    return product(k, tokens, up * dim, h, back) + product(k, tokens, h, dim, back);
  }

  private static double attention(TrainingRun run, Kernels k, boolean back) {
    ModelConfig m = run.model();
    double perToken =
        ModelSize.forwardFlops(m, run.seq(), run.attentionCount()).attention() / m.nLayers();
    double flops = perToken * tokens(run) / run.layout().tp();
    if (run.software().fusedAttention()) {
      return k.fusedAttention(back ? FUSED_BACKWARD * flops : flops, run.software().framework())
          / run.software().attention().rate();
    }
    double scores = tokens(run) * run.seq() * m.attention().nHeads() / run.layout().tp();
    // Forward: softmax reads and writes, dropout reads, writes and keeps a mask. Backward: both.
    double bytes = scores * (back ? 10.5 : 9);
    if (run.software().framework().pytorch()) bytes = scores * PyTorch.scoreBytes(back);
    return k.unfusedScores(back ? 2 * flops : flops) + k.traffic(bytes);
  }

  private static double elementwise(
      TrainingRun run, Kernels k, Calibration c, boolean experts, boolean back) {
    ModelConfig m = run.model();
    double t = run.layout().tp();
    double outer = run.software().sequenceParallel() ? t : 1;
    double ffn = m.ffn().dim();
    if (experts) {
      ModelConfig.Moe moe = m.moe().orElseThrow();
      ffn = (double) moe.nActive() * moe.dim() + moe.sharedDim();
    }
    // Elements read and written: two norms, two residual additions with their dropout in GPT;
    // then the activation and the biases or rotations of queries and keys.
    double whole = 11.0 * m.dModel();
    double split =
        m.ffn().gated()
            ? 3 * ffn + 2.0 * (m.attention().qDim() + m.attention().kvDim())
            : 2 * ffn + 3.0 * m.attention().qDim();
    double elements = whole / outer + split / t;
    boolean pytorch = run.software().framework().pytorch();
    double bytes =
        pytorch
            ? PyTorch.layerBytes(run, ffn, back) * tokens(run)
            : BYTES * elements * tokens(run) * (back ? 1.5 : 1);
    if (run.precision() == Machine.Precision.FP8) {
      // Operands of the four products are cast: 2 bytes read, one written and, transposed for the
      // gradient of the weights, one more. Backward the gradients of the four results.
      double q = m.attention().qDim();
      double operands = back ? q + 2 * m.attention().kvDim() + ffn : q + ffn;
      double cast = operands / t + 2.0 * m.dModel();
      bytes += CAST * cast * tokens(run);
    }
    // The factor was fitted to the count above; PyTorch's operations are counted one by one.
    return k.traffic(bytes) * (pytorch ? 1 : c.get(Constant.ELEMENTWISE));
  }

  /** Seconds of one tensor-parallel collective of which a part is exposed. */
  private static double tensor(TrainingRun run, Kernels k, double exposed) {
    int ranks = run.layout().tp();
    double bytes = BYTES * tokens(run) * run.model().dModel();
    double all = k.tensorAllReduce(bytes, ranks);
    if (run.software().overlap() != TrainingRun.Overlap.TENSOR) return exposed * all;
    double piece = 1.0 / ranks;
    return all * piece + (1 - piece) * k.taken(2 * bytes * (1 - piece));
  }

  private static double context(TrainingRun run, Kernels k) {
    int cp = run.layout().cp();
    if (cp == 1) return 0;
    double all = tokens(run) * (cp - 1) * 2 * run.model().attention().kvDim(run.layout().tp());
    return k.exchange(BYTES * all, cp, run.layout().tp());
  }

  private static double exchange(TrainingRun run, Kernels k) {
    int ep = run.layout().ep();
    if (ep == 1) return 0;
    double copies = run.model().moe().orElseThrow().nActive();
    double bytes = BYTES * tokens(run) * run.model().dModel() * copies * (ep - 1) / ep;
    double spread = run.software().sequenceParallel() ? run.layout().tp() : 1;
    return k.exchange(bytes / spread, ep, run.layout().tp());
  }
}
