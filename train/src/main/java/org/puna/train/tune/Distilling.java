package org.puna.train.tune;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.tensor.Graph;
import org.puna.train.data.Batches;
import org.puna.train.data.MicroBatch;
import org.puna.train.loss.Distillation;
import org.puna.train.loss.Network;
import org.puna.train.loss.Part;
import org.puna.train.loss.TopK;
import org.puna.train.loss.TopKDistillation;
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
 * Trains a model to answer as a teacher does, over the same vocabulary: a teacher in memory, or
 * what {@link Storing} kept of one.
 */
public final class Distilling {
  /** How the names of files end that hold what a teacher said. */
  static final String STORED = ".safetensors";

  private final FineTuning.Request request;
  private final Path teacher;
  private final Watcher watcher;

  /**
   * A run that has not begun.
   *
   * @param request the student, the data and the rest
   * @param teacher a folder, a GGUF file, or a file that {@link Storing} wrote
   */
  public Distilling(FineTuning.Request request, Path teacher, Watcher watcher) {
    this.request =
        request.inputs().teacher().isPresent() ? request : request.taughtBy(teacher.toString());
    this.teacher = teacher;
    this.watcher = watcher;
  }

  /** A micro-batch with what a teacher says to it. */
  private record Taught(MicroBatch batch, Network teacher, double alpha, double temperature)
      implements Part {
    @Override
    public int counted() {
      return batch.counted();
    }

    private Distillation objective(double weight) {
      float[] weights = new float[batch.counted()];
      Arrays.fill(weights, (float) weight);
      return new Distillation(
          batch.targets(), weights, teacher.teach(batch.rows()), alpha, temperature);
    }

    @Override
    public double learn(Network network, double weight) {
      return network.train(batch.rows(), objective(weight));
    }

    @Override
    public double measure(Network network) {
      return network.loss(batch.rows(), objective(1));
    }
  }

  /** A micro-batch with what was kept of a teacher's answer to it. */
  private record Told(MicroBatch batch, TopK told, double alpha, double temperature)
      implements Part {
    @Override
    public int counted() {
      return batch.counted();
    }

    private TopKDistillation objective(double weight) {
      float[] weights = new float[batch.counted()];
      Arrays.fill(weights, (float) weight);
      return new TopKDistillation(batch.targets(), weights, told, alpha, temperature);
    }

    @Override
    public double learn(Network network, double weight) {
      return network.train(batch.rows(), objective(weight));
    }

    @Override
    public double measure(Network network) {
      return network.loss(batch.rows(), objective(1));
    }
  }

  /** Returns whether a path is a file that holds what a teacher said, and no model. */
  static boolean isStored(Path teacher) {
    return Files.isRegularFile(teacher) && teacher.toString().endsWith(STORED);
  }

  /** Fills in what a recipe of distillation leaves open. */
  static void defaults(Recipe recipe) {
    recipe.otherwise("distill.alpha", 0.5);
    recipe.otherwise("distill.temperature", 2.0);
    recipe.otherwise("optimizer.beta2", 0.95);
  }

  private static double alpha(Recipe recipe) {
    double alpha = recipe.number("distill.alpha");
    if (alpha >= 0 && alpha <= 1) return alpha;
    throw new BadInput("distill.alpha: expected 0 to 1, found " + alpha);
  }

  /** Returns the temperature of both distributions. */
  static double temperature(Recipe recipe) {
    double temperature = recipe.number("distill.temperature");
    if (temperature > 0) return temperature;
    throw new BadInput("distill.temperature: expected more than 0, found " + temperature);
  }

  /**
   * Runs.
   *
   * @param stop asked after each step
   * @throws BadInput if the vocabularies differ, or anything else is wrong
   */
  public TrainingRun.Ending run(BooleanSupplier stop) {
    Recipe recipe = request.values();
    TuneDefaults.refuseSection(recipe, "distill", "align");
    return isStored(teacher) ? stored(recipe, stop) : live(recipe, stop);
  }

  private TrainingRun.Ending live(Recipe recipe, BooleanSupplier stop) {
    try (Checkpoint base = Checkpoint.open(request.model());
        Checkpoint master = Checkpoint.open(teacher);
        RunFolder folder = request.folder(recipe);
        Compute compute = Compute.open(request.threads())) {
      Vocabularies.same(base, master);
      defaults(recipe);
      double alpha = alpha(recipe);
      double temperature = temperature(recipe);
      Parameters fixed = Initial.given(master.weights(), _ -> false);
      int context = Math.min(base.config().contextLength(), master.config().contextLength());
      recipe.otherwise("name", base.name() + "-distilled");
      try (var lessons = FineTuning.lessons(recipe, base, request, watcher)) {
        Batches plain = lessons.batches();
        int length = recipe.size("batch.length", 1, context);
        Graph graph = master.architecture().forward(master.config(), fixed, length);
        Network net =
            new Network(
                graph,
                Map.of(),
                Recompute.NOTHING,
                plain.maxRows(),
                compute.kernels(),
                compute.grads(),
                compute.team());
        var batches = new TaughtBatches(plain, net, alpha, temperature);
        HeldOut heldOut =
            new HeldOut(
                lessons.heldOut().parts().stream().map(batches::taught).toList(),
                lessons.heldOut().maxRows());
        String said = TrainingRun.Model.origin(fixed.all());
        return run(folder, recipe, base, said, batches, heldOut, compute, stop);
      }
    }
  }

  private TrainingRun.Ending stored(Recipe recipe, BooleanSupplier stop) {
    if (!request.data().isEmpty() || request.replay().isPresent()) {
      throw new BadInput(
          "distill: " + teacher + " holds the texts itself; leave DATA and --replay out");
    }
    try (Checkpoint base = Checkpoint.open(request.model());
        StoredTeacher told = new StoredTeacher(teacher);
        RunFolder folder = request.folder(recipe);
        Compute compute = Compute.open(request.threads())) {
      told.sameVocabulary(base);
      recipe.otherwise("distill.temperature", told.temperature());
      defaults(recipe);
      double alpha = alpha(recipe);
      double temperature = temperature(recipe);
      if (temperature != told.temperature()) {
        throw new BadInput(
            "distill.temperature: "
                + teacher
                + " was stored at "
                + told.temperature()
                + ", found "
                + temperature
                + "; leave it out, or store the teacher anew");
      }
      watcher.note(told.describe());
      recipe.otherwise("name", base.name() + "-distilled");
      var lessons = lessons(recipe, base, told, alpha, temperature);
      return run(
          folder,
          recipe,
          base,
          told.fingerprint(),
          lessons.batches(),
          lessons.heldOut(),
          compute,
          stop);
    }
  }

  private FineTuning.Lessons lessons(
      Recipe recipe, Checkpoint base, StoredTeacher told, double alpha, double temperature) {
    List<Example> all = told.examples();
    int longest = all.stream().mapToInt(e -> e.ids().length).max().orElse(2);
    boolean given = told.rowsPerStep() > 0;
    if (given) {
      recipe.otherwise("batch.rows", told.rowsPerStep());
      recipe.otherwise("batch.length", longest - 1);
      recipe.otherwise("data.epochs", 1.0);
      Selection.nothing(recipe, "the texts of " + teacher + " are batches in their order");
    }
    int length = TuneDefaults.length(recipe, base, longest);
    var count = new Selection.Count("conversations", length);
    var kept = Examples.kept(all, length, count);
    String line = count.line(teacher.toString());
    double part = Selection.part(recipe);
    var chosen = Selection.of(kept, part, recipe.whole("seed"), Examples.Numbered::print);
    watcher.note(line + chosen.said());
    TuneDefaults.fill(recipe, base, chosen.learned().size(), longest);
    Examples batches =
        new Examples(
            chosen.learned(),
            length,
            recipe.size("batch.rows", 1, 1 << 20),
            Storing.rows(told.k(), longest),
            recipe.whole("steps"),
            given ? Examples.given() : Examples.shuffled(recipe.whole("seed")),
            (batch, numbers) -> {
              int[] counted = new int[numbers.length];
              for (int i = 0; i < counted.length; i++) {
                counted[i] = all.get(numbers[i]).first(length + 1).counted();
              }
              return new Told(batch, told.told(numbers, counted), alpha, temperature);
            });
    var heldOut = new HeldOut(batches.parts(chosen.heldOut()), batches.maxRows());
    return new FineTuning.Lessons(batches, heldOut);
  }

  private TrainingRun.Ending run(
      RunFolder folder,
      Recipe recipe,
      Checkpoint base,
      String fingerprint,
      Batches batches,
      HeldOut heldOut,
      Compute compute,
      BooleanSupplier stop) {
    TrainingRun.Model model =
        Student.of(recipe, base, request).beginningWith("teacher", fingerprint);
    Student.notes(recipe, base, model).forEach(watcher::note);
    var run =
        new TrainingRun(
            folder, recipe, model, batches, heldOut, compute, request.threads(), watcher);
    return request.run(run, folder, stop);
  }

  private record TaughtBatches(Batches plain, Network teacher, double alpha, double temperature)
      implements Batches {
    @Override
    public List<Part> step(long step) {
      return plain.step(step).stream().<Part>map(this::taught).toList();
    }

    private Part taught(Part p) {
      if (!(p instanceof MicroBatch b)) throw new IllegalArgumentException("not a micro-batch");
      return new Taught(b, teacher, alpha, temperature);
    }

    @Override
    public String fingerprint() {
      return plain.fingerprint();
    }

    @Override
    public int maxRows() {
      return plain.maxRows();
    }

    @Override
    public long steps() {
      return plain.steps();
    }

    @Override
    public long tokensPerStep() {
      return plain.tokensPerStep();
    }

    @Override
    public void close() {
      plain.close();
    }
  }
}
