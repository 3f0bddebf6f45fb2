package org.puna.train.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.fixtures.Fixtures;
import org.puna.model.Checkpoint;
import org.puna.tensor.Graph;
import org.puna.train.data.MicroBatch;
import org.puna.train.loss.CrossEntropy;
import org.puna.train.loss.Network;
import org.puna.train.params.Parameter;
import org.puna.train.params.Parameters;
import org.puna.train.run.Compute;
import org.puna.train.run.Initial;
import org.puna.train.run.Journal;
import org.puna.train.run.Pretraining;
import org.puna.train.run.StepReport;
import org.puna.train.run.Watcher;
import org.puna.train.tape.Recompute;
import org.puna.train.tape.Rows;

/** Learning from a reward that is verified: its gradient, and that it raises the reward. */
class ReinforcingTest {
  /** A difference of float32 losses over a step that is long enough to be seen in them. */
  private static final double SLOPE = 0.02;

  private static final double BETA = 0.3;

  @TempDir private static Path shared = Path.of("");
  @TempDir private Path dir = Path.of("");

  private static final class Quiet implements Watcher {
    @Override
    public void note(String line) {}

    @Override
    public void begin(long done, long steps) {}

    @Override
    public void stepped(StepReport report, long tokensPerStep) {}
  }

  /** A model that answers either question with one of four numbers, each as likely. */
  @BeforeAll
  static void guesser() throws IOException {
    StringBuilder text = new StringBuilder();
    StringBuilder chats = new StringBuilder();
    for (int i = 1; i <= 4; i++) {
      for (String question : List.of("Red?", "Blue?")) {
        text.append(question).append(' ').append(i).append(". ");
        chats.append(line(question, i));
      }
    }
    Files.writeString(shared.resolve("a.txt"), text.toString().repeat(50));
    Files.writeString(shared.resolve("chats.jsonl"), chats);
    List<String> sets =
        List.of(
            "depth=1",
            "model.vocab=280",
            "model.width=32",
            "model.heads=2",
            "model.context=64",
            "data.paths=" + shared.resolve("a.txt"),
            "data.held_out=0",
            "batch.rows=2",
            "batch.length=32",
            "steps=2",
            "samples.every=0");
    new Pretraining(
            new Pretraining.Request(
                Optional.empty(),
                sets,
                Optional.empty(),
                Optional.empty(),
                Optional.of(shared.resolve("run")),
                false,
                1),
            new Quiet())
        .run(() -> false);
    new FineTuning(
            request(
                shared.resolve("run"),
                shared.resolve("chats.jsonl"),
                shared.resolve("guesser"),
                List.of("steps=80", "batch.rows=8", "optimizer.lr=1e-2")),
            new Quiet())
        .run(() -> false);
  }

  private static String line(String question, int answer) {
    return "{\"question\":\"" + question + "\",\"answer\":\"" + answer + "\"}\n";
  }

  private static FineTuning.Request request(Path run, Path data, Path out, List<String> sets) {
    return new FineTuning.Request(
        run.resolve("model"),
        List.of(data),
        Optional.empty(),
        sets,
        out,
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        1);
  }

  private Map<String, List<Double>> align(String name, int steps) throws IOException {
    Path data = Files.writeString(dir.resolve("q.jsonl"), line("Red?", 3) + line("Blue?", 1));
    List<String> sets =
        List.of(
            "align.method=grpo",
            "align.tokens=4",
            "align.group=8",
            "batch.rows=2",
            "steps=" + steps,
            "seed=3",
            "schedule.name=constant",
            "optimizer.lr=3e-3");
    Path out = dir.resolve(name);
    new Aligning(request(shared.resolve("guesser"), data, out, sets), new Quiet()).run(() -> false);
    Map<String, List<Double>> found = new LinkedHashMap<>();
    for (String what : List.of("reward", "loss", "grad_norm")) {
      found.put(
          what,
          Journal.read(out.resolve("metrics.jsonl")).stream()
              .map(n -> n.get(what).doubleValue())
              .toList());
    }
    return found;
  }

  private static double mean(List<Double> x) {
    return x.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  /**
   * Each question has another right answer among four, so that a quarter is what luck gives; a
   * gradient of the wrong sign would bring it to nothing.
   */
  @Test
  void theRewardRises() throws IOException {
    List<Double> rewards = align("long", 100).get("reward");
    assertThat(mean(rewards.subList(0, 5))).isBetween(0.05, 0.5);
    assertThat(mean(rewards.subList(80, 100))).as("%s", rewards).isGreaterThan(0.9);
  }

  @Test
  void theSameSeedDrawsTheSame() throws IOException {
    Map<String, List<Double>> once = align("once", 6);
    assertThat(align("again", 6)).isEqualTo(once);
    assertThat(mean(once.get("grad_norm"))).isPositive();
  }

  private static Path golden(String name) {
    return Fixtures.path("training/" + name);
  }

  private static Network network(Checkpoint c, Parameters weights, Compute compute) {
    Graph graph = c.architecture().forward(c.config(), weights, 64);
    return new Network(
        graph,
        weights.gradients(),
        Recompute.NOTHING,
        16,
        compute.kernels(),
        compute.grads(),
        compute.team());
  }

  /** Two answers of three and two tokens. */
  private static MicroBatch answers() {
    return new MicroBatch(
        new Rows(
            new int[] {5, 17, 200, 31, 5, 17, 9}, new int[] {0, 4, 7}, new int[] {1, 2, 3, 5, 6}),
        new int[] {200, 31, 7, 9, 300});
  }

  private static final int[] LENGTHS = {3, 2};
  private static final double[] ADVANTAGES = {0.8, -1.1};

  /** The published objective at its drawing policy: ratios to it, less the penalty. */
  private static double surrogate(Network policy, float[] drawn, float[] reference) {
    CrossEntropy now = CrossEntropy.of(answers().targets(), 1);
    policy.loss(answers().rows(), now);
    double loss = 0;
    int i = 0;
    for (int a = 0; a < LENGTHS.length; a++) {
      for (int end = i + LENGTHS[a]; i < end; i++) {
        double ratio = Math.exp((double) drawn[i] - now.losses()[i]);
        double r = Math.exp((double) now.losses()[i] - reference[i]);
        double penalty = r - Math.log(r) - 1;
        loss += (-ratio * ADVANTAGES[a] + BETA * penalty) / LENGTHS[a];
      }
    }
    return loss;
  }

  private static float[] losses(Network n) {
    CrossEntropy c = CrossEntropy.of(answers().targets(), 1);
    n.loss(answers().rows(), c);
    return c.losses();
  }

  @Test
  void theGradientIsThatOfThePublishedObjective() {
    try (Checkpoint init = Checkpoint.open(golden("init"));
        Checkpoint last = Checkpoint.open(golden("pretrain_final"));
        Compute compute = Compute.open(1)) {
      Parameters weights = Initial.given(init.weights(), _ -> true);
      Network policy = network(init, weights, compute);
      Network reference = network(last, Initial.given(last.weights(), _ -> false), compute);
      float[] drawn = losses(policy);
      float[] known = losses(reference);
      double found =
          new Reinforcing.Drawn(answers(), LENGTHS, ADVANTAGES, BETA, reference).learn(policy, 1);
      assertThat(found).isCloseTo(surrogate(policy, drawn, known), within(1e-5));
      Random random = new Random(11);
      for (int trial = 0; trial < 4; trial++) {
        // First the gradient's own direction, then others.
        Map<Parameter, float[]> along = new LinkedHashMap<>();
        double squares = 0;
        for (Parameter p : weights.trained()) {
          float[] d = p.gradient().clone();
          for (int i = 0; trial > 0 && i < d.length; i++) {
            d[i] *= (float) (1 + random.nextGaussian());
          }
          for (float x : d) squares += (double) x * x;
          along.put(p, d);
        }
        double length = Math.sqrt(squares);
        double expected = 0;
        for (var e : along.entrySet()) {
          for (int i = 0; i < e.getValue().length; i++) {
            expected += e.getKey().gradient()[i] * e.getValue()[i] / length;
          }
        }
        double step = 2e-3;
        move(along, step / length);
        double up = surrogate(policy, drawn, known);
        move(along, -2 * step / length);
        double down = surrogate(policy, drawn, known);
        move(along, step / length);
        assertThat(expected).isGreaterThan(0.1);
        assertThat((up - down) / (2 * step)).isCloseTo(expected, within(SLOPE * expected));
      }
    }
  }

  private static void move(Map<Parameter, float[]> along, double by) {
    along.forEach((p, d) -> {
      for (int i = 0; i < d.length; i++) p.value()[i] += (float) (by * d[i]);
    });
  }
}
