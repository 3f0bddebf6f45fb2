package org.puna.train.tune;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.puna.model.Checkpoint;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelSize;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.tensor.Graph;
import org.puna.tensor.Param;
import org.puna.train.lora.Adapter;
import org.puna.train.lora.Adapters;
import org.puna.train.lora.PeftFolder;
import org.puna.train.params.Parameter;
import org.puna.train.params.Parameters;
import org.puna.train.run.Initial;
import org.puna.train.run.ModelFolder;
import org.puna.train.run.Recipe;
import org.puna.train.run.TrainingRun;

/** Makes a given model ready to be trained further: whole, or by adapters. */
public final class Student {
  private Student() {}

  /**
   * Chooses by {@code lora.rank}.
   *
   * @param request says which adapters to begin with, and whether they are merged at the end
   */
  static TrainingRun.Model of(Recipe recipe, Checkpoint base, FineTuning.Request request) {
    TrainingRun.Model model = silent(recipe, base, request);
    if (!chats(base, request)) return model;
    ChatFormat format = new ChatFormat(base.tokenizer(), FineTuning.template(base));
    return model.answering(prompt ->
        format.prompt(
            "samples.prompts",
            List.of(Map.of("role", "user", "content", prompt)),
            Optional.empty()));
  }

  /** Returns whether the model is taught to answer, rather than to continue what is replayed. */
  static boolean chats(Checkpoint base, FineTuning.Request request) {
    return request.replay().isEmpty() && base.hasTokenizer() && base.chatTemplate().isPresent();
  }

  private static TrainingRun.Model silent(
      Recipe recipe, Checkpoint base, FineTuning.Request request) {
    ModelConfig config = base.config();
    Optional<Tokenizer> tokenizer =
        base.hasTokenizer() ? Optional.of(base.tokenizer()) : Optional.empty();
    int length = recipe.size("batch.length", 1, config.contextLength());
    int rank = recipe.size("lora.rank", 0, 1 << 14);
    if (rank == 0) {
      return TrainingRun.Model.further(base, Initial.given(base.weights(), _ -> true), length);
    }
    Parameters frozen = Initial.given(base.weights(), _ -> false);
    Graph plain = base.architecture().forward(config, frozen, length);
    PeftFolder peft = new PeftFolder(base.architecture(), config, frozen.ropeInterleaved());
    Adapters adapters =
        request.adapter().isPresent()
            ? peft.read(request.adapter().get(), name -> base.weights().get(name).tensor().shape())
            : Adapters.fresh(
                plain,
                peft.parts(recipe.texts("lora.targets")),
                rank,
                recipe.number("lora.alpha"),
                recipe.whole("seed"),
                peft::elsewhere);
    Parameters weights =
        new Parameters(adapters.parameters(), frozen.all(), frozen.ropeInterleaved());
    return new TrainingRun.Model(
        config,
        weights,
        () -> adapters.applied(plain),
        Map.of(
            "model", TrainingRun.Model.origin(frozen.all()), "adapter", origin(adapters, request)),
        tokenizer,
        Optional.empty(),
        to -> {
          Path adapter = request.out().resolve("adapter");
          peft.write(adapter, adapters, base.path().toString());
          if (!request.merge()) return List.of(adapter);
          ModelFolder.write(to, base, merged(frozen, adapters));
          return List.of(adapter, to);
        });
  }

  /** Returns lines for people: how much is trained, and what cannot teach anything. */
  static List<String> notes(Recipe recipe, Checkpoint base, TrainingRun.Model model) {
    long all = ModelSize.parameters(base.config()).total();
    long trained = model.weights().trainedNumbers();
    if (recipe.whole("lora.rank") == 0) {
      return List.of(String.format(Locale.ROOT, "%,d of %,d weights are trained", trained, all));
    }
    List<String> notes = new ArrayList<>();
    notes.add(
        String.format(
            Locale.ROOT,
            "%,d weights of adapters are trained, beside %,d of the model, which stay",
            trained,
            all));
    if (recipe.number("lora.alpha") == 0) {
      notes.add("lora.alpha=0: adapters are scaled by 0, so nothing is learned; leave it out");
    }
    return notes;
  }

  /** Returns a fingerprint of adapters that were given; an empty text for those that were drawn. */
  private static String origin(Adapters adapters, FineTuning.Request request) {
    if (request.adapter().isEmpty()) return "";
    return TrainingRun.Model.origin(adapters.parameters().stream().map(Parameter::param).toList());
  }

  /** Returns weights with the adapters written into them, in float32 where they are. */
  public static Parameters merged(Parameters frozen, Adapters adapters) {
    List<Param> all = new ArrayList<>();
    for (Param p : frozen.all()) {
      Optional<Adapter> a = adapters.of(p.name());
      if (a.isEmpty()) {
        all.add(p);
        continue;
      }
      float[] w = a.get().merged(p.tensor().toFloats());
      all.add(new Parameter(p.name(), p.tensor().shape(), w, new float[w.length]).param());
    }
    return new Parameters(List.of(), all, frozen.ropeInterleaved());
  }
}
