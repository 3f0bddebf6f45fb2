package org.puna.app.run;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.Failures;
import org.puna.app.cli.Progress;
import org.puna.engine.Evaluator;
import org.puna.model.config.BadInput;
import org.puna.model.safetensors.Dtype;
import org.puna.model.safetensors.SafetensorsWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the logits of a model at every position of a sequence. */
@Command(
    name = "logits",
    description = "Writes the logits at every position of a sequence as safetensors.",
    footer = {
      "",
      "Examples:",
      "  puna logits model.gguf --ids 1,2,3 --out logits.safetensors",
      "  puna logits folder --ids 1,2,3,4,5 --chunk 2 --out logits.safetensors"
    })
public final class LogitsCommand implements Callable<Integer> {
  /** Numbers of one step's logits at most (1 GiB): longer sequences are read in pieces. */
  private static final long MOST_NUMBERS = 1L << 28;

  private static final ValueLayout.OfFloat FLOATS =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Context context;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A .gguf file, a folder, or a name that `models list` shows.")
  private String model = "";

  @Option(
      names = "--ids",
      required = true,
      paramLabel = "ID,…",
      description = "Token ids, apart by commas or spaces.")
  private String ids = "";

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FILE",
      description = "The file to write: tensor `logits` [T,V], float32.")
  private Path out = Path.of("");

  @Option(
      names = "--chunk",
      paramLabel = "N",
      description = "Prefill in pieces of N tokens (default: all at once).")
  private @Nullable Integer chunk;

  @Mixin private CacheOptions cache = new CacheOptions();

  @Mixin private KernelOptions options = new KernelOptions();

  @Mixin private LoraOptions lora = new LoraOptions();

  /** The command. */
  public LogitsCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() {
    if (chunk != null && chunk < 1) {
      throw new BadInput("--chunk: expected at least 1 token, found " + chunk);
    }
    try (LoadedModel loaded = LoadedModel.open(context, model, options, lora)) {
      int[] tokens = Ids.parse("--ids", ids, loaded.checkpoint().config().vocabSize());
      write(loaded, tokens);
    }
    return Failures.DONE;
  }

  private void write(LoadedModel loaded, int[] tokens) {
    int vocab = loaded.checkpoint().config().vocabSize();
    int most = Math.toIntExact(Math.max(1, MOST_NUMBERS / vocab));
    int piece = Math.min(chunk == null ? tokens.length : chunk, Math.min(tokens.length, most));
    int room = loaded.contextLength(tokens.length);
    List<SafetensorsWriter.Spec> specs =
        List.of(new SafetensorsWriter.Spec("logits", Dtype.F32, new long[] {tokens.length, vocab}));
    try (Evaluator evaluator = loaded.evaluator(room, piece, cache.type());
        SafetensorsWriter file = SafetensorsWriter.create(out, specs, Map.of());
        Progress progress = context.progress("logits", tokens.length)) {
      MemorySegment row = MemorySegment.ofArray(new byte[Math.multiplyExact(vocab, Float.BYTES)]);
      evaluator.feed(
          tokens,
          (position, logits) -> {
            MemorySegment.copy(logits, 0, row, FLOATS, 0, vocab);
            file.write(0, row.byteSize() * position, row);
            progress.step(1);
          });
      file.commit();
    }
    context.note("wrote " + out + ": logits [" + tokens.length + ", " + vocab + "], float32");
  }
}
