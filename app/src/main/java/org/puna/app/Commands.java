package org.puna.app;

import java.util.List;
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
import org.puna.app.train.ChatsCommand;
import org.puna.app.train.DistillCommand;
import org.puna.app.train.EvalCommand;
import org.puna.app.train.ExportCommand;
import org.puna.app.train.FinetuneCommand;
import org.puna.app.train.TrainCommand;

/** The one list of commands: adding a command is one new class and one line here. */
final class Commands {
  private Commands() {}

  /** Returns the commands in the order of the help page, each a picocli {@code @Command} object. */
  static List<Object> all(Context context) {
    return List.of(
        new RunCommand(context),
        new ServeCommand(context),
        KeysCommand.commandLine(context),
        new SoakCommand(context),
        ModelsCommand.commandLine(context),
        new TokenizeCommand(context),
        new TemplateCommand(context),
        new ConvertCommand(context),
        new QuantizeCommand(context),
        new LogitsCommand(context),
        new PerplexityCommand(context),
        new EmbedCommand(context),
        new RerankCommand(context),
        new BenchCommand(context),
        new EvalCommand(context),
        new ExportCommand(context),
        FleetCommand.commandLine(context),
        new TrainCommand(context),
        new ChatsCommand(context),
        new FinetuneCommand(context),
        new DistillCommand(context),
        new AlignCommand(context),
        new HelpCommand(context));
  }
}
