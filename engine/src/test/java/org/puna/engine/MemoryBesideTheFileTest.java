package org.puna.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.model.Checkpoint;
import org.puna.model.config.ModelShapes;
import org.puna.model.convert.Mix;
import org.puna.model.convert.Synthetic;

/** What a model that has read a long prompt and answered holds beside its mapped file. */
class MemoryBesideTheFileTest {
  /** Share of the file that everything but the cache of keys and values may take. */
  private static final double BOUND = 0.15;

  /** Files below would say more about the JVM and the step's buffers than about the model. */
  private static final long LEAST_BYTES = 290_000_000;

  private static final int CONTEXT = 832;
  private static final int PROMPT = 512;

  /** Long enough for copies of weights. */
  private static final int ANSWER = 300;

  /**
   * Deep and narrow, so that the file is as large beside the buffers of a step as that of Llama 3.2
   * 1B: layers times width is 36,864 here and 32,768 there. At four bits the same size takes twice
   * the layers. Some 20 MB do not grow with the model: the program's own objects, the scratch
   * memory of the kernels, what the collector leaves unused.
   */
  @ParameterizedTest
  @CsvSource({"q8_0, 72", "q4_0, 144"})
  void staysWithinAShareOfTheFile(String type, int layers, @TempDir Path dir) throws Exception {
    Path file = dir.resolve("model.gguf");
    String shape =
        "layers=%d,hidden=512,heads=8,kv_heads=2,ffn=2048,vocab=8000,context=%d"
            .formatted(layers, CONTEXT);
    try (Synthetic s = new Synthetic(ModelShapes.parse(shape), Mix.named(type), 3)) {
      s.write(file);
    }
    long fileBytes = Files.size(file);
    assertThat(fileBytes).isGreaterThan(LEAST_BYTES);
    Held held = held(file);
    String figures =
        String.format(
            Locale.ROOT,
            "file %,d bytes; beside it %,d on the heap after a collection and %,d native; of it"
                + " cache %,d, step buffers %,d, copies of weights %,d; the whole process %,d"
                + " anonymous",
            fileBytes,
            held.heap,
            held.nativeBytes,
            held.cache,
            held.buffers,
            held.copies,
            held.anonymous);
    long beside = held.heap + held.nativeBytes - held.cache - held.copies;
    assertThat(held.cache).as(figures).isPositive();
    // What is reported is taken, where there is anything to take.
    assertThat(held.nativeBytes).as(figures).isGreaterThanOrEqualTo(held.copies);
    assertThat(held.heap).as(figures).isGreaterThan(held.cache + held.buffers);
    assertThat((double) beside)
        .as("%s: %,d bytes are %.1f%%", figures, beside, 100.0 * beside / fileBytes)
        .isLessThan(BOUND * fileBytes);
  }

  /**
   * What a JVM of its own held.
   *
   * @param heap bytes of live objects, the cache and the buffers included
   * @param nativeBytes what arenas and direct buffers have allocated; mapped files are none of it
   * @param cache keys and values
   * @param buffers of a step
   * @param copies of weights that the backend reports
   * @param anonymous resident memory of the process that is no file's, its garbage, its compiled
   *     code and the JVM itself included; 0 where the system does not say
   */
  private record Held(
      long heap, long nativeBytes, long cache, long buffers, long copies, long anonymous) {}

  private static Held held(Path file) throws IOException, InterruptedException {
    Process p =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--add-modules",
                    "jdk.incubator.vector",
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:PerMethodRecompilationCutoff=100000",
                    "-Xmx1g",
                    "-XX:NativeMemoryTracking=summary",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Probe.class.getName(),
                    file.toString()))
            .redirectErrorStream(true)
            .start();
    String output = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(p.waitFor()).as(output).isZero();
    return new Held(
        number(output, "heap"),
        number(output, "native"),
        number(output, "cache"),
        number(output, "buffers"),
        number(output, "copies"),
        number(output, "anonymous"));
  }

  private static long number(String output, String name) {
    Matcher m = Pattern.compile(name + " (\\d+)").matcher(output);
    assertThat(m.find()).as(output).isTrue();
    return Long.parseLong(m.group(1));
  }

  /** Opens a model, reads a prompt, answers, and prints what is held then. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) throws Exception {
      try (Checkpoint c = Checkpoint.open(Path.of(args[0]));
          Engine e = Engine.open(c, EngineOptions.single(CONTEXT), 2)) {
        int vocab = c.tokenizer().vocabSize();
        int[] prompt = new Random(1).ints(PROMPT, 0, vocab).toArray();
        Request r = new Request(prompt, Sampling.greedy(), Optional.empty(), ANSWER, Set.of(), -1);
        try (Generation g = e.submit(r)) {
          while (g.next() instanceof GenerationEvent.Token) {
            // To the end.
          }
        }
        System.out.println("anonymous " + anonymousBytes());
        System.gc();
        System.gc();
        Engine.Load load = e.load();
        System.out.println("cache " + load.cacheBytes());
        System.out.println("buffers " + load.bufferBytes());
        System.out.println("copies " + e.repackedBytes());
        System.out.println("native " + nativeBytes());
        System.out.println(
            "heap " + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
      }
    }

    /** What the JVM counts as "Other": memory of arenas and direct buffers. */
    private static long nativeBytes() throws Exception {
      Object report =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "vmNativeMemory",
                  new Object[] {new String[] {"summary", "scale=b"}},
                  new String[] {String[].class.getName()});
      Matcher m = Pattern.compile("Other \\(reserved=\\d+, committed=(\\d+)").matcher("" + report);
      return m.find() ? Long.parseLong(m.group(1)) : 0;
    }

    private static long anonymousBytes() throws IOException {
      Path status = Path.of("/proc/self/status");
      if (!Files.exists(status)) return 0;
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("RssAnon:")) {
          return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      return 0;
    }
  }
}
