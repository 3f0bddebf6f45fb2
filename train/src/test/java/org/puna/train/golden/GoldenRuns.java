package org.puna.train.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.puna.model.safetensors.Safetensors;
import org.puna.tensor.Graph;
import org.puna.tensor.Param;
import org.puna.tensor.Tensor;
import org.puna.tensor.cpu.GradKernels;
import org.puna.tensor.cpu.Kernels;
import org.puna.tensor.cpu.Team;
import org.puna.train.lora.Adapter;
import org.puna.train.lora.Adapters;
import org.puna.train.loss.CrossEntropy;
import org.puna.train.loss.Distillation;
import org.puna.train.loss.Network;
import org.puna.train.loss.Preference;
import org.puna.train.optim.AdamW;
import org.puna.train.optim.GradientNorm;
import org.puna.train.optim.Schedule;
import org.puna.train.params.Parameter;
import org.puna.train.params.Parameters;
import org.puna.train.tape.Recompute;
import org.puna.train.tape.Rows;
import tools.jackson.databind.JsonNode;

/** Does the four runs of PyTorch again, step by step, and tells how far each is from them. */
final class GoldenRuns implements AutoCloseable {
  private final Kernels kernels;
  private final GradKernels grads;
  private final Recompute recompute;
  private final Team team = new Team(1);

  GoldenRuns(Kernels kernels, GradKernels grads, Recompute recompute) {
    this.kernels = kernels;
    this.grads = grads;
    this.recompute = recompute;
  }

  @Override
  public void close() {
    team.close();
  }

  private Network network(Graph graph, Map<String, float[]> gradients, int rows) {
    return new Network(graph, gradients, recompute, rows, kernels, grads, team);
  }

  Deviation pretraining() {
    Parameters w = Golden.weights("init", _ -> true);
    Network net = network(Golden.graph(w), w.gradients(), 192);
    var adam = new AdamW(w.trained(), new AdamW.Options(0.9, 0.95, 1e-8, 0.1), grads, team);
    Schedule schedule = new Schedule.Cosine(3e-3, 3e-4, 5, 20);
    JsonNode golden = Golden.expected("pretrain");
    var out = new Deviation.Collected();
    for (int s = 0; s < golden.size(); s++) {
      int[] tokens = Golden.step("tokens", s, 196);
      double loss =
          net.train(
              Rows.equal(Golden.inputs(tokens), 48),
              CrossEntropy.of(Golden.targets(tokens), 1.0 / 192));
      double norm = GradientNorm.of(w.trained(), grads, team);
      JsonNode e = golden.get(s);
      assertThat(schedule.at(s)).isCloseTo(number(e, "lr"), Offset.offset(1e-12));
      out.loss(loss, number(e, "loss"));
      out.norm(norm, number(e, "grad_norm"));
      if (s == 0) {
        out.gradients(
            w.gradients(), Golden.tensors("pretrain_step0_grads.safetensors"), Golden::canonical);
      }
      out.step();
      adam.step(s + 1, schedule.at(s), GradientNorm.clip(norm, 1));
    }
    out.weights(values(w), Golden.tensors("pretrain_final"), Golden::canonical);
    return out.deviation();
  }

  /** Returns the run's deviation, and that of the weights with the adapters merged into them. */
  List<Deviation> adapters() {
    Parameters base = Golden.weights("init", _ -> false);
    Graph plain = Golden.graph(base);
    List<Adapter> all = new ArrayList<>();
    try (Safetensors s = Safetensors.open(Golden.path("lora_init/adapter_model.safetensors"))) {
      for (Param p : plain.params()) {
        if (!p.name().contains("attn_q.") && !p.name().contains("attn_v.")) continue;
        String stored =
            p.name()
                .replace("blk.", "base_model.model.model.layers.")
                .replaceAll("attn_([qv])\\.weight", "self_attn.$1_proj");
        all.add(
            new Adapter(
                p.name(),
                parameter(p.name() + ".lora_a", s.tensor(stored + ".lora_A.weight")),
                parameter(p.name() + ".lora_b", s.tensor(stored + ".lora_B.weight")),
                8.0 / 4));
      }
    }
    Adapters adapters = new Adapters(all);
    Parameters trained = new Parameters(adapters.parameters(), base.all(), false);
    Network net = network(adapters.applied(plain), trained.gradients(), 96);
    var adam = new AdamW(trained.trained(), new AdamW.Options(0.9, 0.999, 1e-8, 0), grads, team);
    JsonNode golden = Golden.expected("lora");
    var out = new Deviation.Collected();
    for (int s = 0; s < golden.size(); s++) {
      int[] tokens = Golden.step("tokens", s, 196);
      int[] mask = Golden.step("loss_mask", s, 192);
      int counted = Arrays.stream(mask).sum();
      double loss = 0;
      for (int micro = 0; micro < 2; micro++) {
        int[] rows = Arrays.copyOfRange(tokens, micro * 98, (micro + 1) * 98);
        // Only counted rows reach the head.
        int from = micro * 96;
        int[] counts = IntStream.range(0, 96).filter(i -> mask[from + i] != 0).toArray();
        int[] all96 = Golden.targets(rows);
        int[] targets = Arrays.stream(counts).map(i -> all96[i]).toArray();
        int[] bounds = {0, 48, 96};
        loss +=
            net.train(
                new Rows(Golden.inputs(rows), bounds, counts),
                CrossEntropy.of(targets, 1.0 / counted));
      }
      out.loss(loss, number(golden.get(s), "loss"));
      out.step();
      adam.step(s + 1, 5e-3, 1);
    }
    Function<String, String> name =
        stored ->
            stored
                .replace("base_model.model.model.layers.", "blk.")
                .replaceAll(
                    "self_attn\\.([qv])_proj\\.lora_([AB])\\.weight", "attn_$1.weight.lora_$2")
                .replace("lora_A", "lora_a")
                .replace("lora_B", "lora_b");
    out.weights(values(trained), Golden.tensors("lora_final/adapter_model.safetensors"), name);
    Map<String, float[]> merged = new LinkedHashMap<>();
    for (Param p : base.all()) {
      float[] w = p.tensor().toFloats();
      merged.put(p.name(), adapters.of(p.name()).map(a -> a.merged(w)).orElse(w));
    }
    var whole = new Deviation.Collected();
    whole.weights(merged, Golden.tensors("lora_merged"), Golden::canonical);
    return List.of(out.deviation(), whole.deviation());
  }

  private static Parameter parameter(String name, Tensor t) {
    float[] v = t.toFloats();
    return new Parameter(name, t.shape(), v, new float[v.length]);
  }

  Deviation distillation() {
    Parameters student = Golden.weights("init", _ -> true);
    Parameters master = Golden.weights("pretrain_final", _ -> false);
    Network net = network(Golden.graph(student), student.gradients(), 192);
    Network teacher = network(Golden.graph(master), Map.of(), 192);
    var adam = new AdamW(student.trained(), new AdamW.Options(0.9, 0.95, 1e-8, 0), grads, team);
    JsonNode golden = Golden.expected("distill");
    var out = new Deviation.Collected();
    float[] weights = new float[192];
    Arrays.fill(weights, 1f / 192);
    for (int s = 0; s < golden.size(); s++) {
      int[] tokens = Golden.step("tokens", s, 196);
      Rows rows = Rows.equal(Golden.inputs(tokens), 48);
      var objective =
          new Distillation(Golden.targets(tokens), weights, teacher.teach(rows), 0.5, 2);
      double loss = net.train(rows, objective);
      JsonNode e = golden.get(s);
      out.loss(loss, number(e, "loss"));
      out.loss(objective.crossEntropy(), number(e, "ce"));
      // The run recorded its divergence times T².
      out.loss(4 * objective.divergence(), number(e, "kl"));
      out.step();
      adam.step(s + 1, 1e-3, 1);
    }
    return out.deviation();
  }

  Deviation preference() {
    Parameters policy = Golden.weights("pretrain_final", _ -> true);
    Parameters fixed = Golden.weights("pretrain_final", _ -> false);
    Network net = network(Golden.graph(policy), policy.gradients(), 384);
    Network reference = network(Golden.graph(fixed), Map.of(), 384);
    var adam = new AdamW(policy.trained(), new AdamW.Options(0.9, 0.999, 1e-8, 0), grads, team);
    JsonNode golden = Golden.expected("dpo");
    var out = new Deviation.Collected();
    for (int s = 0; s < golden.size(); s++) {
      int[] chosen = Golden.step("dpo_chosen", s, 196);
      int[] rejected = Golden.step("dpo_rejected", s, 196);
      int[] both = IntStream.concat(Arrays.stream(chosen), Arrays.stream(rejected)).toArray();
      int[] all = Golden.targets(both);
      int[] judged = IntStream.range(0, 384).filter(i -> i % 48 >= 24).toArray();
      int[] targets = Arrays.stream(judged).map(i -> all[i]).toArray();
      Rows rows = new Rows(Golden.inputs(both), Rows.equal(all, 48).bounds(), judged);
      CrossEntropy known = CrossEntropy.of(targets, 1);
      reference.loss(rows, known);
      double[] ref = sums(known.losses());
      CrossEntropy found = CrossEntropy.of(targets, 1);
      double[] mean = new double[3];
      net.train(
          rows,
          found,
          () -> {
            double[] now = sums(found.losses());
            float[] weights = new float[targets.length];
            for (int p = 0; p < 4; p++) {
              var pair = Preference.of(0.1, now[p], now[4 + p], ref[p], ref[4 + p]);
              mean[0] += pair.loss() / 4;
              mean[1] += 0.1 * pair.margin() / 4;
              mean[2] += pair.margin() > 0 ? 0.25 : 0;
              for (int i = 0; i < 24; i++) {
                weights[p * 24 + i] = (float) (-pair.slope() / 4);
                weights[(4 + p) * 24 + i] = (float) (pair.slope() / 4);
              }
            }
            return new CrossEntropy(targets, weights, new float[targets.length]);
          });
      JsonNode e = golden.get(s);
      out.loss(mean[0], number(e, "loss"));
      out.loss(mean[1], number(e, "margin"));
      assertThat(mean[2]).isEqualTo(number(e, "accuracy"));
      out.step();
      adam.step(s + 1, 5e-4, 1);
    }
    return out.deviation();
  }

  private static double[] sums(float[] losses) {
    double[] out = new double[8];
    for (int i = 0; i < losses.length; i++) out[i / 24] -= losses[i];
    return out;
  }

  private static double number(JsonNode e, String field) {
    return e.get(field).doubleValue();
  }

  private static Map<String, float[]> values(Parameters w) {
    Map<String, float[]> out = new LinkedHashMap<>();
    for (Parameter p : w.trained()) out.put(p.name(), p.value());
    return out;
  }
}
