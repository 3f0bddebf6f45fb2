package org.puna.train.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.tensor.Graph;
import org.puna.train.data.Batches;
import org.puna.train.data.Fingerprint;
import org.puna.train.data.MicroBatch;
import org.puna.train.data.Shuffle;
import org.puna.train.loss.CrossEntropy;
import org.puna.train.loss.Network;
import org.puna.train.loss.Part;
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
 * Group relative policy optimisation: the model answers each question several times, answers that
 * are better than their group become likelier, and a penalty keeps it near the model as it was. One
 * update for each group, so that the ratio to the drawing policy is 1 and needs no clipping.
 *
 * @see "Shao et al. 2024, DeepSeekMath, section 4.1"
 */
public final class Reinforcing {
  /** Keeps a group of equal rewards from being divided by zero. */
  private static final double TINY = 1e-4;

  private final FineTuning.Request request;
  private final Watcher watcher;

  /** A run that has not begun. */
  public Reinforcing(FineTuning.Request request, Watcher watcher) {
    this.request = request;
    this.watcher = watcher;
  }

  /** A question with the answer that is right. */
  private record Task(int[] prompt, String reference) {}

  /**
   * Runs.
   *
   * @param stop asked after each step
   * @throws BadInput if anything in model, data or recipe is wrong
   */
  TrainingRun.Ending run(Recipe recipe, BooleanSupplier stop) {
    try (Checkpoint base = Checkpoint.open(request.model());
        RunFolder folder = request.folder(recipe);
        Compute compute = Compute.open(request.threads())) {
      Selection.nothing(
          recipe, "grpo learns from answers that it draws, and reward is its measure");
      recipe.otherwise("align.beta", 0.04);
      recipe.otherwise("align.reward", "number");
      recipe.otherwise("align.group", 8);
      recipe.otherwise("align.tokens", 256);
      recipe.otherwise("align.temperature", 1.0);
      recipe.otherwise("optimizer.lr", 1e-6);
      recipe.otherwise("data.epochs", 1.0);
      recipe.otherwise("batch.rows", 4);
      int most = recipe.size("align.tokens", 1, 1 << 20);
      int context = base.config().contextLength();
      List<Task> tasks =
          tasks(base, request.data()).stream().filter(t -> t.prompt.length < context).toList();
      if (tasks.isEmpty()) {
        throw new BadInput("align: no question fits into the model's " + context + " positions");
      }
      int longest = tasks.stream().mapToInt(t -> t.prompt.length).max().orElse(1);
      int length = Math.min(context, longest + most);
      TuneDefaults.fill(recipe, base, tasks.size(), length);
      Parameters fixed = Initial.given(base.weights(), _ -> false);
      Graph graph = base.architecture().forward(base.config(), fixed, length);
      int rows = Math.max(length, TuneDefaults.MICRO_TOKENS);
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
      var groups =
          new Groups(tasks, recipe, base, model, reference, rows, request.threads(), watcher);
      var run =
          new TrainingRun(
              folder, recipe, model, groups, HeldOut.none(), compute, request.threads(), watcher);
      return request.run(run, folder, stop);
    }
  }

  private static List<Task> tasks(Checkpoint base, List<java.nio.file.Path> files) {
    ChatFormat format = new ChatFormat(base.tokenizer(), FineTuning.template(base));
    List<Task> out = new ArrayList<>();
    for (var c : Conversations.read(files)) {
      int last = c.messages().size() - 1;
      if (last < 1 || !"assistant".equals(c.messages().get(last).get("role"))) {
        throw new BadInput(c.where() + ": expected a question and, last, the answer to it");
      }
      int[] prompt = format.prompt(c.where(), c.messages().subList(0, last), c.tools());
      out.add(new Task(prompt, String.valueOf(c.messages().get(last).get("content"))));
    }
    return out;
  }

  /** Draws the answers of a step with the weights that the steps before have made. */
  private static final class Groups implements Batches {
    private final List<Task> tasks;
    private final Shuffle order;
    private final TrainingRun.Model model;
    private final Tokenizer tokenizer;
    private final Set<Integer> ends = new HashSet<>();
    private final Network reference;
    private final Reward reward;
    private final int maxRows;
    private final int rows;
    private final int group;
    private final int most;
    private final int context;
    private final int threads;
    private final double temperature;
    private final double beta;
    private final long seed;
    private final long steps;
    private final Watcher watcher;
    private double rewards;
    private double lengths;
    private boolean different;
    private boolean told;

    Groups(
        List<Task> tasks,
        Recipe recipe,
        Checkpoint base,
        TrainingRun.Model model,
        Network reference,
        int maxRows,
        int threads,
        Watcher watcher) {
      this.tasks = tasks;
      this.model = model;
      this.reference = reference;
      this.maxRows = maxRows;
      this.threads = threads;
      this.watcher = watcher;
      tokenizer = base.tokenizer();
      for (int id : tokenizer.endOfGeneration()) ends.add(id);
      ends.addAll(base.generation().endIds());
      context = base.config().contextLength();
      reward = recipe.choice("align.reward", Reward.class);
      rows = recipe.size("batch.rows", 1, 1 << 20);
      group = recipe.size("align.group", 2, 1 << 10);
      most = recipe.size("align.tokens", 1, 1 << 20);
      temperature = recipe.number("align.temperature");
      beta = recipe.number("align.beta");
      seed = recipe.whole("seed");
      steps = recipe.whole("steps");
      order = new Shuffle(tasks.size(), seed);
    }

    @Override
    public List<Part> step(long step) {
      List<Part> parts = new ArrayList<>();
      rewards = 0;
      lengths = 0;
      different = false;
      try (Drawing drawing = new Drawing(model.graph(), tokenizer, context, threads)) {
        for (int r = 0; r < rows; r++) {
          Task task = tasks.get(order.at(step * rows + r));
          parts.addAll(group(drawing, task, (step * rows + r) * group));
        }
      }
      rewards /= (double) rows * group;
      lengths /= (double) rows * group;
      if (!different && !told) {
        told = true;
        watcher.note(
            String.format(
                Locale.ROOT,
                "step %d: all answers to a question have the same reward (mean %.2f), so no reward"
                    + " is learned from in it; if reward stays so, choose other questions, a higher"
                    + " align.temperature or a larger align.group",
                step,
                rewards));
      }
      return parts;
    }

    private List<Part> group(Drawing drawing, Task task, long number) {
      List<Example> examples = new ArrayList<>();
      double[] found = new double[group];
      for (int i = 0; i < group; i++) {
        long draw = seed * 1_000_003L + number + i;
        int[] answer = drawing.answer(task.prompt, most, ends, temperature, draw);
        found[i] = reward.of(tokenizer.decode(answer, false), task.reference);
        rewards += found[i];
        lengths += answer.length;
        examples.add(example(task.prompt, answer));
      }
      different |= Arrays.stream(found).anyMatch(x -> x != found[0]);
      double[] advantages = advantages(found);
      List<Part> parts = new ArrayList<>();
      int from = 0;
      int tokens = 0;
      for (int i = 0; i <= group; i++) {
        int n = i < group ? examples.get(i).ids().length - 1 : 0;
        if (i == group || (i > from && tokens + n > maxRows)) {
          parts.add(
              new Drawn(
                  Examples.part(examples.subList(from, i)),
                  examples.subList(from, i).stream().mapToInt(Example::counted).toArray(),
                  Arrays.copyOfRange(advantages, from, i),
                  beta,
                  reference));
          from = i;
          tokens = 0;
        }
        tokens += n;
      }
      return parts;
    }

    private static Example example(int[] prompt, int[] answer) {
      int[] ids = Arrays.copyOf(prompt, prompt.length + answer.length);
      System.arraycopy(answer, 0, ids, prompt.length, answer.length);
      boolean[] learned = new boolean[ids.length];
      Arrays.fill(learned, prompt.length, ids.length, true);
      return new Example(ids, learned);
    }

    @Override
    public Map<String, Double> found() {
      return Map.of("reward", rewards, "answer_tokens", lengths);
    }

    @Override
    public String fingerprint() {
      Fingerprint f = new Fingerprint();
      for (Task t : tasks) f.add(t.prompt).add(t.reference);
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
      return (long) rows * group * most;
    }

    @Override
    public void close() {}
  }

  /** Rewards less their mean, over their standard deviation. */
  static double[] advantages(double[] rewards) {
    double mean = Arrays.stream(rewards).average().orElse(0);
    double squares = Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).sum();
    double deviation = Math.sqrt(squares / (rewards.length - 1));
    return Arrays.stream(rewards).map(r -> (r - mean) / (deviation + TINY)).toArray();
  }

  /**
   * Answers that are computed together.
   *
   * @param lengths counted tokens of each
   * @param advantages of each
   */
  record Drawn(MicroBatch batch, int[] lengths, double[] advantages, double beta, Network reference)
      implements Part {
    @Override
    public int counted() {
      return lengths.length;
    }

    @Override
    public double learn(Network network, double weight) {
      CrossEntropy before = CrossEntropy.of(batch.targets(), 1);
      reference.loss(batch.rows(), before);
      CrossEntropy now = CrossEntropy.of(batch.targets(), 1);
      float[] weights = new float[batch.counted()];
      double[] loss = new double[1];
      network.train(
          batch.rows(),
          now,
          () -> {
            loss[0] = objective(now.losses(), before.losses(), weight, Optional.of(weights));
            return new CrossEntropy(batch.targets(), weights, new float[weights.length]);
          });
      return loss[0];
    }

    @Override
    public double measure(Network network) {
      CrossEntropy before = CrossEntropy.of(batch.targets(), 1);
      reference.loss(batch.rows(), before);
      CrossEntropy now = CrossEntropy.of(batch.targets(), 1);
      network.loss(batch.rows(), now);
      return objective(now.losses(), before.losses(), 1, Optional.empty());
    }

    /**
     * Each answer's mean over its tokens of {@code −A + beta · KL}, with the estimator {@code r − 1
     * − ln r} of the divergence for {@code r = p_ref / p}.
     */
    private double objective(
        float[] now, float[] before, double weight, Optional<float[]> weights) {
      double loss = 0;
      int i = 0;
      for (int a = 0; a < lengths.length; a++) {
        double share = weight / lengths[a];
        for (int end = i + lengths[a]; i < end; i++) {
          // Losses are −ln p, so this is ln(p_ref / p).
          double log = (double) now[i] - before[i];
          double ratio = Math.exp(log);
          loss += share * (-advantages[a] + beta * (ratio - 1 - log));
          if (weights.isPresent()) {
            // d/d(ln p): −A for the policy term, beta · (1 − r) for the penalty; cross-entropy is
            // −ln p.
            weights.get()[i] = (float) (share * (advantages[a] - beta * (1 - ratio)));
          }
        }
      }
      return loss;
    }
  }
}
