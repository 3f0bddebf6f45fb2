package org.puna.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Main;
import org.puna.app.Shell;
import org.puna.app.cli.Console;
import org.puna.app.cli.Context;
import org.puna.app.cli.Settings;
import org.puna.model.Checkpoint;
import org.puna.model.gguf.GgufFile;
import org.puna.model.gguf.GgufWriter;
import org.puna.model.safetensors.Safetensors;
import org.puna.tensor.Tensor;
import tools.jackson.databind.json.JsonMapper;

/** The commands that run a model, on a two-layer model with random weights. */
class ModelCommandsTest {
  private static final String MODEL = Fixture.path("gguf/tiny-q4_0.gguf");
  private static final Path EXPECTED = Path.of(Fixture.path("gguf/tiny-q4_0.expected.safetensors"));

  /** Logits have deviation 1; sums of some hundred float32 products in another order. */
  private static final float LOGIT_TOLERANCE = 1e-4f;

  @TempDir private Path home;

  private Shell.Result run(String... args) {
    return new Shell(home).run(args);
  }

  @Test
  void logitsAreThoseOfTheReference() {
    try (Safetensors expected = Safetensors.open(EXPECTED)) {
      int[] ids = Arrays.copyOf(ints(expected.tensor("input_ids").toFloats()), 48);
      float[] wanted = expected.tensor("logits").toFloats();
      for (String chunk : new String[] {"1000", "7", "1"}) {
        Path out = home.resolve("logits-" + chunk + ".safetensors");
        Shell.Result r =
            run("logits", MODEL, "--ids", join(ids), "--chunk", chunk, "--out", out.toString());
        assertThat(r.code()).as(r.err()).isZero();
        assertThat(r.out()).isEmpty();
        try (Safetensors file = Safetensors.open(out)) {
          assertThat(file.tensor("logits").shape()).containsExactly(48, 512);
          float[] found = file.tensor("logits").toFloats();
          assertThat(found)
              .containsExactly(
                  Arrays.copyOf(wanted, found.length),
                  org.assertj.core.api.Assertions.offset(LOGIT_TOLERANCE));
        }
      }
    }
  }

  private static int[] ints(float[] x) {
    int[] out = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = (int) x[i];
    }
    return out;
  }

  private static String join(int[] ids) {
    return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
  }

  @Test
  void greedyIsTheSameEachTimeAndStopsWhereTold() {
    String all = run("run", MODEL, "--raw", "--greedy", "-n", "20", "Hello").out();
    assertThat(run("run", MODEL, "--raw", "--greedy", "-n", "20", "Hello").out()).isEqualTo(all);
    assertThat(new Shell(home).feed("Hello\n", "run", MODEL, "--raw", "--greedy", "-n", "20").out())
        .isEqualTo(all);
    String stop = all.substring(all.length() / 2, all.length() / 2 + 2);
    Shell.Result stopped =
        run("run", MODEL, "--raw", "--greedy", "-n", "20", "--stop", stop, "Hello");
    assertThat(stopped.out().strip())
        .isEqualTo(all.substring(0, all.indexOf(stop)).strip())
        .doesNotContain(stop);
  }

  @Test
  void whatIsPipedInStandsBelowThePrompt() {
    String[] run = {"run", MODEL, "--raw", "--greedy", "-n", "8"};
    String joined = run(with(run, "Hello\n\nllama")).out();
    Shell shell = new Shell(home);
    assertThat(shell.feed("llama\n", with(run, "Hello")).out()).isEqualTo(joined);
    assertThat(shell.feed("Hello\n\nllama\n", with(run, "-")).out()).isEqualTo(joined);
    assertThat(run(with(run, "Hello")).out()).isNotEqualTo(joined);
  }

  @Test
  void specialTokensOfARawPromptAreRead() {
    String bos;
    try (Checkpoint c = Checkpoint.open(Path.of(MODEL))) {
      bos = c.tokenizer().token(c.tokenizer().bos().orElseThrow());
    }
    String[] run = {"run", MODEL, "--raw", "--greedy", "-n", "8"};
    assertThat(run(with(run, bos + "Hello")).out()).isEqualTo(run(with(run, "Hello")).out());
  }

  @Test
  void textsInOtherEncodingsAreRefused() throws IOException {
    Path text = home.resolve("latin.txt");
    Files.write(text, "caf\u00e9s".getBytes(StandardCharsets.ISO_8859_1));
    bad(
        "expected a text in UTF-8, found byte 0xE9 at offset 3",
        "perplexity",
        MODEL,
        text.toString());
  }

  @Test
  void noLimitIsTheContext() {
    Shell.Result r =
        run("run", MODEL, "--raw", "--greedy", "-c", "300", "--ignore-eos", "-n", "-1", "Hello");
    assertThat(r.err()).contains("the context of 300 tokens is full");
    bad("or -1 for as many as the context holds", "run", MODEL, "-n", "-2", "Hello");
  }

  @Test
  void seedMinusOneIsAnotherEachTime() {
    String[] any = {"run", MODEL, "--raw", "-n", "60", "--temp", "2", "--seed", "-1", "Hello"};
    assertThat(run(any).out()).isNotEqualTo(run(any).out());
  }

  @Test
  void contextsBeyondTheTrainingAreWarnedOf() {
    String warning = "positions was asked for and the model was made for";
    String[] run = {"run", MODEL, "--raw", "--greedy", "-n", "2", "Hello", "-c"};
    assertThat(run(with(run, "100000")).err()).contains(warning).hasLineCount(1);
    assertThat(run(with(run, "64")).err()).isEmpty();
  }

  @Test
  void notesComeAfterTheAnswersLine() {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    Console console =
        Console.of(new ByteArrayInputStream(new byte[0]), new BufferedOutputStream(both), both);
    Context context = new Context(console, new Settings(home, false, 2));
    Main.run(context, new String[] {"run", MODEL, "--raw", "-n", "3", "--stats", "Hello"});
    assertThat(both.toString(StandardCharsets.UTF_8)).contains("\nprompt ");
  }

  @Test
  void theSameSeedDrawsTheSameText() {
    String[] seven = {"run", MODEL, "--raw", "-n", "12", "--temp", "1", "--seed", "7", "Hello"};
    assertThat(run(seven).out()).isEqualTo(run(seven).out());
  }

  @Test
  void aBiasForcesAToken() {
    Shell.Result r =
        run("run", MODEL, "--raw", "-n", "3", "--greedy", "--logit-bias", "39=1000", "x");
    assertThat(r.out()).isEqualTo("HHH\n");
  }

  @Test
  void aFullContextEndsTheTextAndSaysSo() {
    Shell.Result r = run("run", MODEL, "--raw", "--greedy", "--ctx", "16", "-n", "100", "Hello");
    assertThat(r.code()).isZero();
    assertThat(r.err()).contains("the context of 16 tokens is full");
  }

  @Test
  void bothBackendsAgree() {
    assertThat(run("run", MODEL, "--raw", "--greedy", "-n", "8", "--backend", "cpu.scalar", "Hi"))
        .isEqualTo(
            run("run", MODEL, "--raw", "--greedy", "-n", "8", "--backend", "cpu.vector", "Hi"));
  }

  @Test
  void answersHaveTheFormatThatWasAskedFor() throws IOException {
    String schema =
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"],"
            + "\"additionalProperties\":false}";
    Path file = Files.writeString(home.resolve("schema.json"), schema);
    Path grammar = Files.writeString(home.resolve("x.gbnf"), "root ::= (\"ab\" | \"c\"){3,9}");
    for (String seed : new String[] {"1", "2", "3"}) {
      String[] run = {"run", MODEL, "Hello", "--raw", "--temp", "2", "--seed", seed};
      for (String given : new String[] {schema, file.toString()}) {
        String json = run(with(run, "--json-schema", given)).out();
        Map<?, ?> fields = JsonMapper.shared().readValue(json, Map.class);
        assertThat(fields).hasSize(1);
        assertThat(fields.get("a")).isInstanceOf(Number.class);
      }
      String object = run(with(run, "--json-object")).out();
      assertThat(JsonMapper.shared().readTree(object).isObject()).isTrue();
      assertThat(run(with(run, "--regex", "[x-z]{2,8}\\d")).out()).matches("[x-z]{2,8}\\d\n");
      assertThat(run(with(run, "--grammar", grammar.toString())).out()).matches("((ab)|c){3,9}\n");
    }
  }

  private static String[] with(String[] args, String... more) {
    String[] all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return all;
  }

  @Test
  void perplexityOfAText() throws IOException {
    Path text = home.resolve("text.txt");
    Files.writeString(text, "The llama lives in the puna. ".repeat(20));
    Shell.Result r = run("perplexity", MODEL, text.toString(), "--ctx", "32", "--json");
    assertThat(r.code()).as(r.err()).isZero();
    Map<?, ?> fields = JsonMapper.shared().readValue(r.out(), Map.class);
    assertThat((Double) fields.get("perplexity")).isBetween(1.0, 1e6);
    assertThat(fields.get("window_tokens")).isEqualTo(32);
    assertThat(run("perplexity", MODEL, text.toString(), "--ctx", "32").out())
        .startsWith("perplexity ");
  }

  /** Rounded activations cost a model of 4-bit weights next to nothing, but are not the same. */
  @Test
  void roundedActivationsMissALittle() throws IOException {
    Path text = home.resolve("text.txt");
    Files.writeString(text, "It was the best of times, it was the worst of times. ".repeat(20));
    double exact = perplexity(text, "f32");
    double rounded = perplexity(text, "q8_0");
    assertThat(rounded).isCloseTo(exact, withinPercentage(1));
    boolean copies = run("models", "show", MODEL).out().contains("repacked weights");
    assertThat(rounded != exact).as("rounded, with copies of weights").isEqualTo(copies);
  }

  private double perplexity(Path text, String activations) {
    Shell.Result r =
        run(
            "perplexity",
            MODEL,
            text.toString(),
            "--ctx",
            "32",
            "--json",
            "--activations",
            activations);
    assertThat(r.code()).as(r.err()).isZero();
    return (Double) JsonMapper.shared().readValue(r.out(), Map.class).get("perplexity");
  }

  @Test
  void aDamagedModelIsToldInOneLine() throws IOException {
    Path damaged = damaged();
    Path text = Files.writeString(home.resolve("text.txt"), "The llama lives here. ".repeat(20));
    String[][] commands = {
      {"run", damaged.toString(), "--raw", "-n", "6", "Once"},
      {"run", damaged.toString(), "--raw", "-n", "6", "--greedy", "Once"},
      {"run", damaged.toString(), "--raw", "-n", "6", "--json-object", "Once"},
      {"perplexity", damaged.toString(), text.toString(), "--ctx", "32"},
      {"embed", damaged.toString(), "Once"}
    };
    for (String[] command : commands) {
      Shell.Result r = run(command);
      assertThat(r.out().strip()).isEmpty();
      assertThat(r.err()).hasLineCount(1).contains("are not numbers; is the file damaged?");
      assertThat(r.code()).isEqualTo(1);
    }
  }

  /** Writes the model with a norm that is not made of numbers. */
  private Path damaged() {
    Path file = home.resolve("damaged.gguf");
    try (GgufFile gguf = GgufFile.open(Path.of(MODEL))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>(gguf.tensors());
      Tensor norm = tensors.get("output_norm.weight");
      float[] none = new float[(int) norm.data().byteSize() / Float.BYTES];
      Arrays.fill(none, Float.NaN);
      tensors.put(
          "output_norm.weight",
          new Tensor(
              norm.format(),
              norm.shape(),
              Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, none)));
      GgufWriter.write(file, gguf.metadata().values(), tensors);
    }
    return file;
  }

  @Test
  void theModelThatShipsTellsAStory() {
    Shell.Result r = run("run", "default", "Tell me a story about a fox.", "--greedy", "-n", "40");
    assertThat(r.code()).as(r.err()).isZero();
    assertThat(r.out().split("\\s+").length).isGreaterThan(15);
    Shell.Result card = run("models", "show", "default");
    assertThat(card.out()).contains("architecture    llama").contains("Q8_0");
  }

  @Test
  void mistakesGetOneLine() {
    bad("expected ids from 0 to 511, found 512", "logits", MODEL, "--ids", "512", "--out", "x");
    bad("expected token ids", "logits", MODEL, "--ids", "a", "--out", "x");
    bad("expected at least 1 token", "logits", MODEL, "--ids", "1", "--out", "x", "--chunk", "0");
    bad("Missing required options", "logits", MODEL);
    bad("expected at least 1 token", "run", MODEL, "-n", "0", "x");
    bad("temperature must be", "run", MODEL, "--temp", "-1", "x");
    bad("--logit-bias: expected a token id", "run", MODEL, "--logit-bias", "x=1", "x");
    bad("is not in the vocabulary of", "run", MODEL, "--logit-bias", "99999=1", "x");
    bad("choose one of auto", "run", MODEL, "--backend", "gpu", "x");
    bad("expected f32 or q8_0, found \"int8\"", "run", MODEL, "--activations", "int8", "x");
    bad("leave out --no-repack", "run", MODEL, "--activations", "q8_0", "--no-repack", "x");
    bad(
        "needs the vector kernels",
        "run",
        MODEL,
        "--activations",
        "q8_0",
        "--backend",
        "cpu.scalar",
        "x");
    bad("--threads: expected 1", "run", MODEL, "--threads", "0", "x");
    bad("a prompt comes second: puna run default", "run", "Tell me a story.");
    bad("expected one of them", "run", MODEL, "--json-object", "--regex", "a", "x");
    bad("schema: #/not: is not", "run", MODEL, "--raw", "--json-schema", "{\"not\":{}}", "x");
    bad("expected a schema in JSON", "run", MODEL, "--raw", "--json-schema", "{\"not", "x");
    bad("--json-schema: cannot read", "run", MODEL, "--raw", "--json-schema", "no.json", "x");
    bad("has no chat template", "run", MODEL, "--raw", "--system", "s", "x");
    bad("give a smaller --ctx", "run", MODEL, "--ctx", "2000000000", "--raw", "x");
    bad("the prompt has", "run", MODEL, "--ctx", "2", "--raw", "a long prompt that has no room");
    bad("no such file", "perplexity", MODEL, "/no/such/file");
    bad("stop: expected a text", "run", MODEL, "--raw", "--stop", "", "x");
  }

  private void bad(String said, String... args) {
    Shell.Result r = run(args);
    assertThat(r.err()).hasLineCount(1).contains(said);
    assertThat(r.code()).isEqualTo(2);
  }
}
