package org.puna.train.tune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.train.data.Batches;
import org.puna.train.data.Replay;
import org.puna.train.lora.PeftFolder;
import org.puna.train.run.Compute;
import org.puna.train.run.HeldOut;
import org.puna.train.run.Inputs;
import org.puna.train.run.Pretraining;
import org.puna.train.run.Recipe;
import org.puna.train.run.RunFolder;
import org.puna.train.run.TrainingRun;
import org.puna.train.run.Watcher;

/**
 * Trains a model further on conversations, on what the assistant says: all weights, or adapters
 * beside a frozen base of any format.
 */
public final class FineTuning {
  private final Request request;
  private final Watcher watcher;

  /**
   * What is asked for.
   *
   * @param model a folder or GGUF file
   * @param data files of conversations
   * @param recipe values, where there is a file
   * @param sets values that override it
   * @param out the run's folder
   * @param replay a file of batches to train on instead of conversations
   * @param adapter adapters to begin with, a folder of the peft library
   * @param merge whether adapters are written into the weights at the end
   * @param resume whether to go on from the newest checkpoint
   * @param threads to compute with
   * @param inputs model and data as they were named, for the run's folder
   */
  public record Request(
      Path model,
      List<Path> data,
      Optional<Path> recipe,
      List<String> sets,
      Path out,
      Optional<Path> replay,
      Optional<Path> adapter,
      boolean merge,
      boolean resume,
      int threads,
      Inputs inputs) {
    /** A request that names everything by its path. */
    public Request(
        Path model,
        List<Path> data,
        Optional<Path> recipe,
        List<String> sets,
        Path out,
        Optional<Path> replay,
        Optional<Path> adapter,
        boolean merge,
        boolean resume,
        int threads) {
      this(
          model,
          data,
          recipe,
          sets,
          out,
          replay,
          adapter,
          merge,
          resume,
          threads,
          new Inputs(
              model.toString(),
              data.stream().map(Path::toString).toList(),
              replay.map(Path::toString),
              Optional.empty(),
              adapter.map(Path::toString)));
    }

    /** Returns the same with a teacher. */
    public Request taughtBy(String teacher) {
      return new Request(
          model,
          data,
          recipe,
          sets,
          out,
          replay,
          adapter,
          merge,
          resume,
          threads,
          inputs.taughtBy(teacher));
    }

    /** Runs a run, and leaves what it was given in its folder. */
    TrainingRun.Ending run(TrainingRun run, RunFolder folder, BooleanSupplier stop) {
      // One that goes on was given the same, or is about to be refused.
      if (!resume || Inputs.read(folder.path()).isEmpty()) inputs.write(folder.path());
      return run.run(resume, stop);
    }

    /**
     * Takes the run's folder.
     *
     * @throws BadInput if it is taken, or has a run in it that is not resumed
     */
    RunFolder folder(Recipe recipe) {
      RunFolder folder = RunFolder.take(out, resume);
      if (resume) recipe.goOn(out);
      return folder;
    }

    /**
     * Returns the values that the file and the command line give.
     *
     * @throws BadInput if one is wrong, or a size of the model, which is given
     */
    Recipe values() {
      Recipe r = recipe.map(Recipe::read).orElseGet(Recipe::empty);
      for (String s : sets) r.set(s);
      r.refuseGiven(model);
      TuneDefaults.refuseTexts(r);
      if (adapter.isPresent()) fixedBy(adapter.get(), r);
      return r;
    }
  }

  /** Takes from adapters what they have fixed, and refuses a recipe that says otherwise. */
  private static void fixedBy(Path adapter, Recipe r) {
    PeftFolder.describe(
        adapter,
        (key, value) -> {
          r.without(key, value, "the adapters of " + adapter + " have " + value);
          r.otherwise(key, value);
        });
  }

  /** A run that has not begun. */
  public FineTuning(Request request, Watcher watcher) {
    this.request = request;
    this.watcher = watcher;
  }

  /**
   * Runs.
   *
   * @param stop asked after each step
   * @throws BadInput if anything in model, data or recipe is wrong
   */
  public TrainingRun.Ending run(BooleanSupplier stop) {
    Recipe recipe = request.values();
    TuneDefaults.refuseSection(recipe, "finetune", "distill");
    TuneDefaults.refuseSection(recipe, "finetune", "align");
    try (Checkpoint base = Checkpoint.open(request.model);
        RunFolder folder = request.folder(recipe);
        Compute compute = Compute.open(request.threads);
        Lessons lessons = lessons(recipe, base, request, watcher)) {
      TrainingRun.Model model = Student.of(recipe, base, request);
      Student.notes(recipe, base, model).forEach(watcher::note);
      var run =
          new TrainingRun(
              folder,
              recipe,
              model,
              lessons.batches,
              lessons.heldOut,
              compute,
              request.threads,
              watcher);
      return request.run(run, folder, stop);
    }
  }

  /**
   * What a run learns, and what it measures itself by.
   *
   * @param batches the former
   * @param heldOut the latter
   */
  record Lessons(Batches batches, HeldOut heldOut) implements AutoCloseable {
    @Override
    public void close() {
      batches.close();
    }
  }

  /** Returns what is learned from, and fills in what the recipe leaves open. */
  static Lessons lessons(Recipe recipe, Checkpoint base, Request request, Watcher watcher) {
    if (request.replay.isPresent()) {
      Selection.nothing(recipe, "all batches of --replay are learned");
      int micro = recipe.has("batch.micro_rows") ? recipe.size("batch.micro_rows", 1, 1 << 20) : 0;
      recipe.otherwise("data.masked", false);
      Replay r =
          new Replay(
              request.replay.get(), micro, recipe.flag("data.masked"), base.config().vocabSize());
      recipe.otherwise("batch.rows", r.rows());
      recipe.otherwise("batch.length", r.length());
      recipe.otherwise("steps", r.steps());
      recipe.otherwise("data.epochs", 1.0);
      TuneDefaults.fill(recipe, base, r.rows() * Math.toIntExact(r.steps()), r.length());
      return new Lessons(r, HeldOut.none());
    }
    List<Example> examples = examples(base, request.data);
    int longest = examples.stream().mapToInt(e -> e.ids().length).max().orElse(2);
    int length = TuneDefaults.length(recipe, base, longest);
    var count = new Selection.Count("conversations", length);
    var kept = Examples.kept(examples, length, count);
    String line = count.line(names(request.data));
    double part = Selection.part(recipe);
    var chosen = Selection.of(kept, part, recipe.whole("seed"), Examples.Numbered::print);
    watcher.note(line + chosen.said());
    TuneDefaults.fill(recipe, base, chosen.learned().size(), longest);
    Examples batches =
        new Examples(
            chosen.learned(),
            length,
            recipe.size("batch.rows", 1, 1 << 20),
            TuneDefaults.MICRO_TOKENS,
            recipe.whole("steps"),
            Examples.shuffled(recipe.whole("seed")),
            (b, _) -> b);
    return new Lessons(batches, new HeldOut(batches.parts(chosen.heldOut()), batches.maxRows()));
  }

  /** Returns the names of files, for people. */
  static String names(List<Path> files) {
    return String.join(", ", files.stream().map(Path::toString).toList());
  }

  /** Encodes the conversations of files for a model. */
  static List<Example> examples(Checkpoint base, List<Path> files) {
    ChatFormat format = new ChatFormat(base.tokenizer(), template(base));
    List<Example> out = new ArrayList<>();
    for (var c : Conversations.read(files)) {
      out.add(format.encode(c.where(), c.messages(), c.tools()));
    }
    return out;
  }

  /** Returns a model's template. */
  static String template(Checkpoint base) {
    return base.chatTemplate()
        .orElseThrow(() ->
            new BadInput(
                base.path()
                    + ": the model has no chat template; put one into chat_template.jinja beside"
                    + " its weights, such as: "
                    + Pretraining.CHAT_TEMPLATE.replace("\n", "\\n")));
  }
}
