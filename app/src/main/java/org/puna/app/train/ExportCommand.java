package org.puna.app.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Progress;
import org.puna.model.Checkpoint;
import org.puna.model.config.BadInput;
import org.puna.model.config.DiskFull;
import org.puna.model.convert.Convert;
import org.puna.model.convert.Report;
import org.puna.model.convert.Report.TensorReport;
import org.puna.train.release.Effort;
import org.puna.train.release.ModelCard;
import org.puna.train.run.Inputs;
import org.puna.train.run.Journal;
import org.puna.train.run.Recipe;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Makes of a training run what can be given away. */
@Command(
    name = "export",
    description = {
      "Writes a release of a training run: a Hugging Face folder, GGUF files and a model card.",
      "The card tells data, recipe, tokens, operations, hours, estimated energy, scores, licence"
          + " and",
      "intended use. OUT is written whole or not at all."
    },
    footer = {
      "",
      "Examples:",
      "  puna export runs/tales release/tales",
      "  puna eval runs/tales/model copa --data data/eval --json > scores.json",
      "  puna export runs/tales release/tales --gguf q8_0 --gguf q4_0 --scores scores.json \\",
      "    --data \"Books in the public domain\" --licence cc0-1.0"
    })
public final class ExportCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(index = "0", paramLabel = "RUN", description = "The folder of a training run.")
  private Path run = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "The folder to write; must not exist.")
  private Path out = Path.of("");

  @Option(
      names = "--gguf",
      paramLabel = "TYPE",
      description =
          "Also a GGUF file of this type, such as f16, q8_0, q4_k_m (default: q8_0). May be"
              + " repeated; none for no file.")
  private List<String> types = new ArrayList<>();

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Type of the folder's matrices: f32, f16 or bf16 (default: as trained).")
  private @Nullable String folderType;

  @Option(
      names = "--scores",
      paramLabel = "FILE",
      description = "What `puna eval --json` printed, for the card.")
  private @Nullable Path scores;

  @Option(
      names = "--name",
      paramLabel = "TEXT",
      description = "The model's name, also in GGUF files (default: the recipe's).")
  private @Nullable String name;

  @Option(
      names = "--data",
      paramLabel = "TEXT",
      description = "What it was trained on (default: the run's paths).")
  private @Nullable String data;

  @Option(
      names = "--licence",
      paramLabel = "NAME",
      description =
          "Licence, an SPDX name (default: apache-2.0; not stated for a model made from another).")
  private @Nullable String licence;

  @Option(
      names = "--intended-use",
      paramLabel = "TEXT",
      description = "What the model is for, and what not.")
  private String intendedUse =
      "A small model for learning and trying out. It makes things up, knows no facts, and must not"
          + " be relied on for anything.";

  @Option(
      names = "--watts",
      paramLabel = "N",
      description = "Power of the machine, for the estimate of energy (default: ${DEFAULT-VALUE}).")
  private double watts = 65;

  /** The command. */
  public ExportCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    Path model = run.resolve("model");
    for (Path p : List.of(model.resolve("config.json"), run.resolve("recipe.yaml"))) {
      if (!Files.exists(p) && Files.exists(run.resolve("adapter"))) {
        throw new BadInput(
            "export: "
                + run
                + ": expected a whole model, found adapters alone; write one by repeating the run's"
                + " command with --resume --merge");
      }
      if (!Files.exists(p)) {
        throw new BadInput(
            "export: "
                + run
                + ": expected the folder of a finished training run, found no "
                + run.relativize(p)
                + "; `puna train` writes it when it ends or is stopped");
      }
    }
    if (!(watts > 0 && watts <= 1e9)) {
      throw new BadInput("--watts: expected a power above 0, found " + watts);
    }
    if (Files.exists(out)) {
      throw new BadInput("export: " + out + " exists already; name another folder");
    }
    Map<String, Map<String, Double>> measured = scores == null ? Map.of() : read(scores);
    Recipe recipe = Recipe.read(run.resolve("recipe.yaml"));
    String title = name != null ? name : recipe.text("name");
    Path part = out.resolveSibling(out.getFileName() + ".part");
    remove(part);
    try {
      write(model, part, title, recipe, measured);
      Files.move(part, out, StandardCopyOption.ATOMIC_MOVE);
    } catch (DiskFull e) {
      remove(part);
      throw e.naming(part.toString(), out.toString());
    } catch (RuntimeException | IOException e) {
      remove(part);
      throw e;
    }
    context.say("written: " + out);
    return Failures.DONE;
  }

  private void write(
      Path model, Path part, String title, Recipe recipe, Map<String, Map<String, Double>> measured)
      throws IOException {
    int threads = context.settings().threads();
    Path parent = part.toAbsolutePath().getParent();
    if (parent != null) Files.createDirectories(parent);
    convert("folder", model, part, Optional.ofNullable(folderType), Optional.empty(), threads);
    for (String type : types.isEmpty() ? List.of("q8_0") : types) {
      if (type.equalsIgnoreCase("none")) continue;
      String file = title.replaceAll("[^A-Za-z0-9._-]", "-") + "-" + type.toLowerCase(Locale.ROOT);
      Path gguf = part.resolve(file + ".gguf");
      Report report = convert(type, model, gguf, Optional.of(type), Optional.of(title), threads);
      substituted(report).ifPresent(s -> context.note(gguf.getFileName() + ": " + s));
    }
    for (String also : List.of("recipe.yaml", "inputs.json", "report.html", "metrics.jsonl")) {
      if (Files.exists(run.resolve(also))) Files.copy(run.resolve(also), part.resolve(also));
    }
    try (Checkpoint c = Checkpoint.open(model)) {
      Optional<Inputs> inputs = Inputs.read(run);
      ModelCard card =
          new ModelCard(
              title,
              c.config(),
              Effort.of(Journal.read(run.resolve("metrics.jsonl"))),
              recipe.yaml(),
              data != null ? data : inputs.map(ExportCommand::data).orElseGet(() -> paths(recipe)),
              licence(inputs),
              inputs,
              intendedUse,
              watts,
              measured);
      Files.writeString(part.resolve("README.md"), card.text());
    }
  }

  /** A licence is chosen for a model that is new; one made from another has the other's already. */
  private Optional<String> licence(Optional<Inputs> inputs) {
    if (licence != null) return Optional.of(licence);
    return inputs.isPresent() ? Optional.empty() : Optional.of("apache-2.0");
  }

  private static String data(Inputs inputs) {
    List<String> all = new ArrayList<>(inputs.data());
    inputs.replay().ifPresent(all::add);
    return all.isEmpty() ? "what the teacher's file holds" : String.join(", ", all);
  }

  private static String paths(Recipe recipe) {
    if (!recipe.has("data.paths")) return "see the recipe";
    List<String> paths = recipe.texts("data.paths");
    return paths.size() + " files or folders, named in the recipe";
  }

  /** Says which formats a file holds where narrow matrices cannot have those of its type. */
  private static Optional<String> substituted(Report report) {
    List<TensorReport> changed =
        report.tensors().stream().filter(t -> !t.note().isEmpty()).toList();
    if (changed.isEmpty()) return Optional.empty();
    String formats = String.join(", ", changed.stream().map(TensorReport::to).distinct().toList());
    return Optional.of(
        String.format(
            Locale.ROOT,
            "%d of %d tensors are %s, since their %s",
            changed.size(),
            report.tensors().size(),
            formats,
            changed.getFirst().note()));
  }

  private Report convert(
      String what, Path from, Path to, Optional<String> type, Optional<String> title, int threads) {
    long[] seen = {0};
    Progress[] bar = {null};
    try {
      return Convert.run(
          from,
          to,
          type,
          title,
          threads,
          (done, total) -> {
            synchronized (seen) {
              if (bar[0] == null) bar[0] = context.progress("export " + what, total);
              if (done > seen[0]) {
                bar[0].step(done - seen[0]);
                seen[0] = done;
              }
            }
          });
    } finally {
      if (bar[0] != null) bar[0].close();
    }
  }

  private static Map<String, Map<String, Double>> read(Path file) throws IOException {
    Map<String, Map<String, Double>> out = new LinkedHashMap<>();
    try {
      JsonNode root = Context.mapper().readTree(Files.readAllBytes(file));
      for (String task : root.propertyNames()) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        JsonNode node = root.path(task);
        for (String metric : node.propertyNames()) {
          if (!node.path(metric).isNumber()) throw new BadInput(notScores(file));
          metrics.put(metric, node.path(metric).asDouble());
        }
        out.put(task, metrics);
      }
    } catch (JacksonException e) {
      throw new BadInput(notScores(file), e);
    }
    if (out.isEmpty()) throw new BadInput(notScores(file));
    return out;
  }

  private static String notScores(Path file) {
    return file + ": expected what `puna eval --json` prints, found something else";
  }

  private static void remove(Path folder) throws IOException {
    if (!Files.exists(folder)) return;
    try (var all = Files.walk(folder)) {
      for (Path p : all.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(p);
    }
  }
}
