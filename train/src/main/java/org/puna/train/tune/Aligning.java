package org.puna.train.tune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
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
import org.puna.train.run.HeldOut;
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

    boolean same() {
      return Arrays.equals(chosen.ids(), rejected.ids());
    }

    /** Tells copies. */
    String print() {
      return new Fingerprint().add(chosen.ids()).add(rejected.ids()).text();
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
    TuneDefaults.refuseSection(recipe, "align", "distill");
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
      int length = TuneDefaults.length(recipe, base, longest);
      Selection<Answers> chosen = chosen(pairs, length, recipe);
      TuneDefaults.fill(recipe, base, chosen.learned().size(), longest);
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
      Student.notes(recipe, base, model).forEach(watcher::note);
      Pairs batches = new Pairs(chosen.learned(), recipe, rows, reference);
      var run =
          new TrainingRun(
              folder,
              recipe,
              model,
              batches,
              batches.heldOut(chosen.heldOut()),
              compute,
              request.threads(),
              watcher);
      return request.run(run, folder, stop);
    }
  }

  /** Cuts pairs, drops those of which an answer is lost, and holds some out. */
  private Selection<Answers> chosen(List<Answers> pairs, int length, Recipe recipe) {
    var count = new Selection.Count("pairs", length);
    List<Answers> kept = new ArrayList<>();
    for (Answers p : pairs) {
      Answers cut = new Answers(p.chosen.first(length + 1), p.rejected.first(length + 1));
      boolean longer = Math.max(p.chosen.ids().length, p.rejected.ids().length) > length + 1;
      boolean both = cut.chosen.counted() > 0 && cut.rejected.counted() > 0;
      if (count.add(longer, p.chosen.counted() > 0 && p.rejected.counted() > 0, both)) {
        kept.add(cut);
      }
    }
    String line = count.line(FineTuning.names(request.data()));
    double part = Selection.part(recipe);
    var selected = Selection.of(kept, part, recipe.whole("seed"), Answers::print);
    watcher.note(line + selected.said());
    long same = kept.stream().filter(Answers::same).count();
    if (same > 0) {
      watcher.note(
          String.format(
              Locale.ROOT,
              "%,d of %,d pairs chose and rejected the same answer; nothing is learned of those",
              same,
              kept.size()));
    }
    if (recipe.number("align.beta") == 0) {
      watcher.note("align.beta=0: the loss is the same for any answer, so nothing is learned");
    }
    return selected;
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

    /** Returns what was found since it was last asked. */
    Map<String, Double> taken() {
      Map<String, Double> found = found();
      clear();
      return found;
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
      List<Answers> all = new ArrayList<>();
      for (int r = 0; r < rows; r++) all.add(pairs.get(order.at(step * rows + r)));
      return parts(all, tally);
    }

    private List<Part> parts(List<Answers> all, Tally counts) {
      List<Part> parts = new ArrayList<>();
      int from = 0;
      int tokens = 0;
      for (int i = 0; i < all.size(); i++) {
        if (i > from && tokens + all.get(i).rows() > maxRows) {
          parts.add(Contest.of(all.subList(from, i), beta, reference, counts));
          from = i;
          tokens = 0;
        }
        tokens += all.get(i).rows();
      }
      if (from < all.size()) {
        parts.add(Contest.of(all.subList(from, all.size()), beta, reference, counts));
      }
      return parts;
    }

    /** Returns pairs to measure, with a count of their own. */
    HeldOut heldOut(List<Answers> pairs) {
      Tally counts = new Tally();
      return new HeldOut(parts(pairs, counts), maxRows, counts::taken);
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
