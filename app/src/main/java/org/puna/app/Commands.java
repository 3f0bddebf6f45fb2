package org.puna.app;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.puna.app.cli.Context;
import org.puna.app.fleet.FleetCommand;
import org.puna.app.models.ConvertCommand;
import org.puna.app.models.ModelsCommand;
import org.puna.app.models.QuantizeCommand;
import org.puna.app.run.BenchCommand;
import org.puna.app.run.EmbedCommand;
import org.puna.app.run.LogitsCommand;
import org.puna.app.run.PerplexityCommand;
import org.puna.app.run.RerankCommand;
import org.puna.app.run.RunCommand;
import org.puna.app.serve.KeysCommand;
import org.puna.app.serve.ServeCommand;
import org.puna.app.serve.SoakCommand;
import org.puna.app.text.TemplateCommand;
import org.puna.app.text.TokenizeCommand;
import org.puna.app.train.AlignCommand;
import org.puna.app.train.BenchTrainCommand;
import org.puna.app.train.ChatsCommand;
import org.puna.app.train.DistillCommand;
import org.puna.app.train.EvalCommand;
import org.puna.app.train.ExportCommand;
import org.puna.app.train.FinetuneCommand;
import org.puna.app.train.TrainCommand;
import picocli.CommandLine;

/** The one list of commands: adding a command is one new class and one line here. */
final class Commands {
  /** The commands in the order of the help page. */
  private static final List<Entry> ALL =
      List.of(
          new Entry("run", RunCommand::new),
          new Entry("serve", ServeCommand::commandLine),
          new Entry("keys", KeysCommand::commandLine),
          new Entry("soak", SoakCommand::new),
          new Entry("models", ModelsCommand::commandLine),
          new Entry("tokenize", TokenizeCommand::new),
          new Entry("template", TemplateCommand::new),
          new Entry("convert", ConvertCommand::new),
          new Entry("quantize", QuantizeCommand::new),
          new Entry("logits", LogitsCommand::new),
          new Entry("perplexity", PerplexityCommand::new),
          new Entry("embed", EmbedCommand::new),
          new Entry("rerank", RerankCommand::new),
          new Entry(
              "bench",
              c -> new CommandLine(new BenchCommand(c)).addSubcommand(new BenchTrainCommand(c))),
          new Entry("eval", EvalCommand::new),
          new Entry("export", ExportCommand::new),
          new Entry("fleet", FleetCommand::commandLine),
          new Entry("train", TrainCommand::new),
          new Entry("chats", ChatsCommand::new),
          new Entry("finetune", FinetuneCommand::new),
          new Entry("distill", DistillCommand::new),
          new Entry("align", AlignCommand::new),
          new Entry("help", HelpCommand::new));

  private Commands() {}

  /** A command's name and how it is made, as a picocli {@code @Command} object. */
  private record Entry(String name, Function<Context, Object> make) {}

  /**
   * Adds the commands that a command line may need: the one that its first word names, else all.
   * Making all of them takes a quarter of a second, which an answer would wait for.
   */
  static void addTo(CommandLine line, Context context, String... args) {
    String first = Arrays.stream(args).filter(a -> !a.startsWith("-")).findFirst().orElse("help");
    List<Entry> named =
        ALL.stream().filter(e -> e.name().equals(first) && !first.equals("help")).toList();
    for (Entry e : named.isEmpty() ? ALL : named) {
      line.addSubcommand(e.name(), e.make().apply(context));
    }
  }
}
