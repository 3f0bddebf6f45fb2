package org.puna.app.models;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Progress;
import org.puna.app.cli.Units;
import org.puna.app.hub.Pull;
import org.puna.app.hub.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings models from a hub into the store. */
@Command(
    name = "pull",
    description = {
      "Brings models from a Hugging Face compatible hub into the local store.",
      "A pull that was interrupted goes on where it stopped; files are checked before they count.",
      "HF_ENDPOINT names another hub, HF_TOKEN holds a token for models that ask for one."
    },
    footer = {
      "",
      "Examples:",
      "  puna models pull hf:sentence-transformers/all-MiniLM-L6-v2",
      "  puna models pull hf:org/model-GGUF:Q4_K_M",
      "  puna models pull hf:org/model-GGUF:model-q8_0.gguf",
      "  puna models pull hf:org/model@v1.0"
    })
final class PullCommand implements Callable<Integer> {
  private final Context context;

  @Parameters(
      arity = "1..*",
      paramLabel = "MODEL",
      description = {
        "hf:org/repo for a folder of safetensors or the only GGUF file,",
        "hf:org/repo:FILE for a GGUF file by its name or type,",
        "hf:org/repo@REVISION for a branch, tag or commit;",
        "hf.co/ or nothing in place of hf: means the same."
      })
  private List<String> models = List.of();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  PullCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    List<Reference> references = models.stream().map(Reference::parse).toList();
    Pull pull = new Pull(context.settings().hub(), context.settings().home());
    List<Map<String, Object>> done = new ArrayList<>();
    for (Reference r : references) {
      Pull.Pulled p = pull.run(r, total -> shown(context.progressOfBytes("pull", total)));
      context.note(
          "pulled " + p.name() + ", " + Units.bytes(p.bytes()) + " in " + files(p.files()));
      if (json) done.add(fields(p));
      else context.say(p.name());
    }
    if (json) context.json(done);
    return Failures.DONE;
  }

  private static String files(int n) {
    return n == 1 ? "1 file" : n + " files";
  }

  private static Map<String, Object> fields(Pull.Pulled p) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", p.name());
    fields.put("path", p.path().toString());
    fields.put("files", p.files());
    fields.put("bytes", p.bytes());
    fields.put("commit", p.commit());
    return fields;
  }

  private static Pull.Shown shown(Progress progress) {
    return new Pull.Shown() {
      @Override
      public void bytes(long more) {
        progress.step(more);
      }

      @Override
      public void file(String path) {
        progress.note(path);
      }

      @Override
      public void close() {
        progress.close();
      }
    };
  }
}
