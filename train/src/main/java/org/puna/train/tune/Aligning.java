package org.puna.train.tune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.tensor.Graph;
import org.puna.train.data.Batches;
import org.puna.train.data.Fingerprint;
import org.puna.train.data.MicroBatch;
import org.puna.train.data.Shuffle;
import org.puna.train.loss.CrossEntropy;
import org.puna.train.loss.Network;
import org.puna.train.loss.Part;
import org.puna.train.loss.Preference;
import org.puna.train.params.Parameters;
import org.puna.train.run.Compute;
import org.puna.train.run.Initial;
import org.puna.train.run.Recipe;
import org.puna.train.run.RunFolder;
import org.puna.train.run.TrainingRun;
import org.puna.train.run.Watcher;
import org.puna.train.tape.Recompute;

/**
 * Direct preference optimisation: makes the chosen of two answers more likely than the rejected
 * one, measured against the model as it was.
 *
 * @see "Rafailov et al. 2023, Direct Preference Optimization"
 */
public final class Aligning {
  private final FineTuning.Request request;
  private final Watcher watcher;

  /** A run that has not begun. */
  public Aligning(FineTuning.Request request, Watcher watcher) {
    this.request = request;
    this.watcher = watcher;
  }

  /** A chosen and a rejected answer to the same question. */
  private record Answers(Example chosen, Example rejected) {
    int rows() {
      return chosen.ids().length + rejected.ids().length - 2;
    }
  }

  /**
   * Runs.
   *
   * @param stop asked after each step
   * @throws BadInput if anything in model, data or recipe is wrong
   */
  public TrainingRun.Ending run(BooleanSupplier stop) {
    Recipe recipe = request.values();
    recipe.otherwise("align.method", "dpo");
    return switch (recipe.text("align.method")) {
      case "dpo" -> preferences(recipe, stop);
      case "grpo" -> new Reinforcing(request, watcher).run(recipe, stop);
      default ->
          throw new BadInput(
              "recipe: align.method: expected dpo or grpo, found " + recipe.text("align.method"));
    };
  }

  private TrainingRun.Ending preferences(Recipe recipe, BooleanSupplier stop) {
    try (Checkpoint base = Checkpoint.open(request.model());
        RunFolder folder = request.folder(recipe);
        Compute compute = Compute.open(request.threads())) {
      List<Answers> pairs = pairs(base, request.data());
      int longest =
          pairs.stream()
              .mapToInt(p -> Math.max(p.chosen.ids().length, p.rejected.ids().length))
              .max()
              .orElse(2);
      recipe.otherwise("align.beta", 0.1);
      recipe.otherwise("optimizer.lr", 5e-6);
      recipe.otherwise("data.epochs", 1.0);
      TuneDefaults.fill(recipe, base, pairs.size(), longest);
      int length = recipe.size("batch.length", 1, base.config().contextLength());
      List<Answers> cut =
          pairs.stream()
              .map(p -> new Answers(p.chosen.first(length + 1), p.rejected.first(length + 1)))
              .filter(p -> p.chosen.counted() > 0 && p.rejected.counted() > 0)
              .toList();
      if (cut.isEmpty()) throw new BadInput("align: no answer lies within batch.length=" + length);
      int rows = Math.max(2 * length, TuneDefaults.MICRO_TOKENS);
      Parameters fixed = Initial.given(base.weights(), _ -> false);
      Graph graph = base.architecture().forward(base.config(), fixed, length);
      Network reference =
          new Network(
              graph,
              Map.of(),
              Recompute.NOTHING,
              rows,
              compute.kernels(),
              compute.grads(),
              compute.team());
      TrainingRun.Model model = Student.of(recipe, base, request);
      return new TrainingRun(
              folder,
              recipe,
              model,
              new Pairs(cut, recipe, rows, reference),
              List.of(),
              0,
              compute,
              request.threads(),
              watcher)
          .run(request.resume(), stop);
    }
  }

  private static List<Answers> pairs(Checkpoint base, List<Path> files) {
    ChatFormat format = new ChatFormat(base.tokenizer(), FineTuning.template(base));
    List<Answers> out = new ArrayList<>();
    for (var p : Conversations.pairs(files)) {
      var none = java.util.Optional.<List<Object>>empty();
      out.add(
          new Answers(
              format.encode(p.where(), p.with(p.chosen()), none),
              format.encode(p.where(), p.with(p.rejected()), none)));
    }
    return out;
  }

  /** Margins of the pairs of a step. */
  private static final class Tally {
    private double margins;
    private int right;
    private int pairs;

    void add(double margin) {
      margins += margin;
      right += margin > 0 ? 1 : 0;
      pairs++;
    }

    Map<String, Double> found() {
      double n = Math.max(1, pairs);
      return Map.of("margin", margins / n, "accuracy", right / n);
    }

    void clear() {
      margins = 0;
      right = 0;
      pairs = 0;
    }
  }

  /** Pairs in a seeded order. */
  private static final class Pairs implements Batches {
    private final List<Answers> pairs;
    private final Shuffle order;
    private final int rows;
    private final int maxRows;
    private final long steps;
    private final double beta;
    private final Network reference;
    private final Tally tally = new Tally();

    Pairs(List<Answers> pairs, Recipe recipe, int maxRows, Network reference) {
      this.pairs = pairs;
      this.maxRows = maxRows;
      this.reference = reference;
      order = new Shuffle(pairs.size(), recipe.whole("seed"));
      rows = recipe.size("batch.rows", 1, 1 << 20);
      steps = recipe.whole("steps");
      beta = recipe.number("align.beta");
    }

    @Override
    public List<Part> step(long step) {
      tally.clear();
      List<Part> parts = new ArrayList<>();
      List<Answers> together = new ArrayList<>();
      int tokens = 0;
      for (int r = 0; r < rows; r++) {
        Answers a = pairs.get(order.at(step * rows + r));
        if (tokens + a.rows() > maxRows) {
          parts.add(Contest.of(together, beta, reference, tally));
          together.clear();
          tokens = 0;
        }
        together.add(a);
        tokens += a.rows();
      }
      parts.add(Contest.of(together, beta, reference, tally));
      return parts;
    }

    @Override
    public Map<String, Double> found() {
      return tally.found();
    }

    @Override
    public String fingerprint() {
      Fingerprint f = new Fingerprint();
      for (Answers p : pairs) f.add(p.chosen.ids()).add(p.rejected.ids());
      return f.text();
    }

    @Override
    public int maxRows() {
      return maxRows;
    }

    @Override
    public long steps() {
      return steps;
    }

    @Override
    public long tokensPerStep() {
      long tokens = pairs.stream().mapToLong(Answers::rows).sum();
      return Math.max(1, tokens * rows / pairs.size());
    }

    @Override
    public void close() {}
  }

  /**
   * Pairs that are computed together.
   *
   * @param batch chosen and rejected answers in turn
   * @param ends after how many counted tokens each answer ends
   */
  private record Contest(MicroBatch batch, int[] ends, double beta, Network reference, Tally tally)
      implements Part {
    static Contest of(List<Answers> pairs, double beta, Network reference, Tally tally) {
      List<Example> all = new ArrayList<>();
      for (Answers a : pairs) {
        all.add(a.chosen);
        all.add(a.rejected);
      }
      int[] ends = new int[all.size()];
      int n = 0;
      for (int i = 0; i < ends.length; i++) {
        n += all.get(i).counted();
        ends[i] = n;
      }
      return new Contest(Examples.part(all), ends, beta, reference, tally);
    }

    @Override
    public int counted() {
      return ends.length / 2;
    }

    /** The log-probability of each answer. */
    private double[] sums(float[] losses) {
      double[] out = new double[ends.length];
      int i = 0;
      for (int a = 0; a < ends.length; a++) {
        for (; i < ends[a]; i++) out[a] -= losses[i];
      }
      return out;
    }

    private double[] known() {
      CrossEntropy c = CrossEntropy.of(batch.targets(), 1);
      reference.loss(batch.rows(), c);
      return sums(c.losses());
    }

    private double total(double[] now, double[] ref, double weight, float[] weights) {
      double loss = 0;
      for (int p = 0; p < ends.length; p += 2) {
        var pair = Preference.of(beta, now[p], now[p + 1], ref[p], ref[p + 1]);
        loss += weight * pair.loss();
        tally.add(pair.margin());
        int from = p == 0 ? 0 : ends[p - 1];
        for (int i = from; i < ends[p]; i++) weights[i] = (float) (-pair.slope() * weight);
        for (int i = ends[p]; i < ends[p + 1]; i++) weights[i] = (float) (pair.slope() * weight);
      }
      return loss;
    }

    @Override
    public double learn(Network network, double weight) {
      double[] ref = known();
      CrossEntropy found = CrossEntropy.of(batch.targets(), 1);
      float[] weights = new float[batch.counted()];
      double[] loss = new double[1];
      network.train(
          batch.rows(),
          found,
          () -> {
            loss[0] = total(sums(found.losses()), ref, weight, weights);
            return new CrossEntropy(batch.targets(), weights, new float[weights.length]);
          });
      return loss[0];
    }

    @Override
    public double measure(Network network) {
      double[] ref = known();
      CrossEntropy found = CrossEntropy.of(batch.targets(), 1);
      network.loss(batch.rows(), found);
      return total(sums(found.losses()), ref, 1, new float[batch.counted()]);
    }
  }
}
