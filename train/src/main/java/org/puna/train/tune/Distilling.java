package org.puna.train.tune;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.tensor.Graph;
import org.puna.train.data.Batches;
import org.puna.train.data.MicroBatch;
import org.puna.train.loss.Distillation;
import org.puna.train.loss.Network;
import org.puna.train.loss.Part;
import org.puna.train.params.Parameters;
import org.puna.train.run.Compute;
import org.puna.train.run.Initial;
import org.puna.train.run.Recipe;
import org.puna.train.run.TrainingRun;
import org.puna.train.run.Watcher;
import org.puna.train.tape.Recompute;

/** Trains a model to answer as a teacher does, over the same vocabulary. */
public final class Distilling {
  private final FineTuning.Request request;
  private final Path teacher;
  private final Watcher watcher;

  /**
   * A run that has not begun.
   *
   * @param request the student, the data and the rest
   * @param teacher a folder or GGUF file
   */
  public Distilling(FineTuning.Request request, Path teacher, Watcher watcher) {
    this.request = request;
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

  /**
   * Runs.
   *
   * @param stop asked after each step
   * @throws BadInput if the vocabularies differ, or anything else is wrong
   */
  public TrainingRun.Ending run(BooleanSupplier stop) {
    Recipe recipe = request.values();
    try (Checkpoint base = Checkpoint.open(request.model());
        Checkpoint master = Checkpoint.open(teacher);
        Compute compute = Compute.open(request.threads())) {
      sameVocabulary(base, master);
      recipe.otherwise("distill.alpha", 0.5);
      recipe.otherwise("distill.temperature", 2.0);
      double alpha = recipe.number("distill.alpha");
      double temperature = recipe.number("distill.temperature");
      if (!(alpha >= 0 && alpha <= 1) || !(temperature > 0)) {
        throw new BadInput("distill: expected alpha from 0 to 1 and a temperature above 0");
      }
      Parameters fixed = Initial.given(master.weights(), _ -> false);
      int context = Math.min(base.config().contextLength(), master.config().contextLength());
      Graph graph = master.architecture().forward(master.config(), fixed, context);
      recipe.otherwise("name", base.name() + "-distilled");
      recipe.otherwise("optimizer.beta2", 0.95);
      try (Batches plain = FineTuning.batches(recipe, base, request)) {
        Network net =
            new Network(
                graph,
                Map.of(),
                Recompute.NOTHING,
                plain.maxRows(),
                compute.kernels(),
                compute.grads(),
                compute.team());
        Batches batches = new TaughtBatches(plain, net, alpha, temperature);
        TrainingRun.Model model = Student.of(recipe, base, request);
        return new TrainingRun(
                request.out(),
                recipe,
                model,
                batches,
                List.of(),
                0,
                compute,
                request.threads(),
                watcher)
            .run(request.resume(), stop);
      }
    }
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

  /** Logits can be compared only where every id means the same token. */
  private static void sameVocabulary(Checkpoint student, Checkpoint master) {
    int n = student.config().vocabSize();
    int m = master.config().vocabSize();
    if (n != m) {
      throw new BadInput(
          "distill: the teacher's vocabulary has "
              + m
              + " tokens, the student's "
              + n
              + "; choose a teacher of the same tokenizer");
    }
    if (!student.hasTokenizer() || !master.hasTokenizer()) return;
    Tokenizer a = student.tokenizer();
    Tokenizer b = master.tokenizer();
    for (int id = 0; id < Math.min(a.vocabSize(), b.vocabSize()); id++) {
      if (!a.token(id).equals(b.token(id))) {
        throw new BadInput(
            "distill: token "
                + id
                + " is \""
                + b.token(id)
                + "\" to the teacher and \""
                + a.token(id)
                + "\" to the student; choose a teacher of the same tokenizer");
      }
    }
  }
}
