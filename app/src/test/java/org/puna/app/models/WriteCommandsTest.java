package org.puna.app.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.app.Fixture;
import org.puna.app.Shell;
import org.puna.model.safetensors.Safetensors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** show, convert, quantize, list and rm on a two-layer model. */
class WriteCommandsTest {
  private static final String MODEL = Fixture.path("gguf/tiny-q4_0.gguf");

  @TempDir private Path home;

  private String ok(String... args) {
    Shell.Result r = new Shell(home).run(args);
    assertThat(r.code()).as(r.err()).isZero();
    return r.out();
  }

  private static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  /** Logits deviate by 1; sums of some hundred float32 numbers in another order differ by 1e-6. */
  private static final float OTHER_ORDER = 1e-4f;

  @Test
  void showsWhatAModelIs() {
    JsonNode card = json(ok("models", "show", MODEL, "--json", "--ctx", "100"));
    assertThat(card.path("architecture").stringValue()).isEqualTo("llama");
    assertThat(card.path("n_layers").intValue()).isEqualTo(2);
    assertThat(card.path("vocab_size").intValue()).isEqualTo(512);
    assertThat(card.path("types").path("Q4_0").path("tensors").intValue()).isPositive();
    long cache = 2L * 2 * 2 * 64 * 100 * Float.BYTES;
    assertThat(card.path("memory").path("kv_cache_bytes").longValue()).isEqualTo(cache);
    assertThat(ok("models", "show", MODEL)).contains("architecture    llama").contains("Q4_0 ×");
    assertThat(ok("models", "show", MODEL, "--template")).contains("message");
    assertThat(ok("models", "show", MODEL, "--tensors")).contains("token_embd.weight");
    assertThat(ok("models", "show", MODEL, "--metadata")).contains("general.architecture");
  }

  @Test
  void convertsThereAndBack() {
    Path folder = home.resolve("folder");
    Path back = home.resolve("back.gguf");
    assertThat(ok("convert", MODEL, folder.toString(), "--type", "f32")).contains("Q4_0  F32");
    assertThat(folder.resolve("config.json")).exists();
    ok("convert", folder.toString(), back.toString());
    Path one = logits(MODEL, "one");
    // A folder keeps the halves of a rotating pair apart, so attention sums in another order there.
    assertThat(numbers(logits(folder.toString(), "two")))
        .usingComparatorWithPrecision(OTHER_ORDER)
        .containsExactly(numbers(one));
    assertThat(logits(back.toString(), "three")).hasSameBinaryContentAs(one);
  }

  @Test
  void aFileIsCalledAsOneLikes() {
    Path folder = home.resolve("f");
    Path file = home.resolve("file.gguf");
    ok("convert", MODEL, folder.toString(), "--type", "f32");
    ok("convert", folder.toString(), file.toString());
    assertThat(name(file.toString())).isEqualTo("f");
    ok("convert", file.toString(), home.resolve("again.gguf").toString(), "--name", "tiny tales");
    assertThat(name(home.resolve("again.gguf").toString())).isEqualTo("tiny tales");
    assertThat(name("default")).isEqualTo("puna-tales");
    bad("found a folder", "convert", MODEL, home.resolve("g").toString(), "--name", "x");
    bad("found an empty name", "convert", MODEL, home.resolve("g.gguf").toString(), "--name", " ");
  }

  private String name(String model) {
    return json(ok("models", "show", model, "--json")).path("name").stringValue();
  }

  private static float[] numbers(Path logits) {
    try (Safetensors file = Safetensors.open(logits)) {
      return file.find("logits").orElseThrow().toFloats();
    }
  }

  private Path logits(String model, String name) {
    Path out = home.resolve(name);
    // The scalar kernels sum decoded numbers in one order whatever the format: equal to the bit.
    ok("logits", model, "--ids", "1,2,3,4,5", "--backend", "cpu.scalar", "-o", out.toString());
    return out;
  }

  @Test
  void quantizesAndReportsTheError() {
    Path out = home.resolve("small.gguf");
    JsonNode report = json(ok("quantize", MODEL, out.toString(), "q8_0", "--json"));
    assertThat(report.path("types").valueStream().map(t -> t.path("to").stringValue()).toList())
        .contains("Q8_0");
    assertThat(report.path("tensors").size()).isPositive();
    assertThat(ok("quantize", MODEL, out.toString(), "q8_0", "--tensors", "--threads", "1"))
        .contains("blk.0.attn_q.weight");
    assertThat(ok("models", "show", out.toString())).contains("Q8_0 ×");
  }

  @Test
  void listsAndRemovesModelsOfTheStore() throws IOException {
    Path store = Files.createDirectories(home.resolve("models"));
    Files.copy(Path.of(MODEL), store.resolve("tiny.gguf"));
    List<?> listed = JsonMapper.shared().readValue(ok("models", "list", "--json"), List.class);
    assertThat(listed)
        .singleElement()
        .extracting(e -> ((Map<?, ?>) e).get("name"))
        .isEqualTo("tiny");
    assertThat(ok("models", "list")).contains("tiny");
    assertThat(ok("tokenize", "tiny", "x")).isNotBlank();
    Shell.Result typo = new Shell(home).run("models", "rm", "tny");
    assertThat(typo.code()).isEqualTo(2);
    assertThat(typo.err()).contains("did you mean 'tiny'?");
    ok("models", "rm", "tiny");
    assertThat(store.resolve("tiny.gguf")).doesNotExist();
    assertThat(json(ok("models", "list", "--json")).size()).isZero();
  }

  @Test
  void mistakesGetOneLine() {
    bad("quantisation type: expected one of", "quantize", MODEL, "out.gguf", "q9");
    bad("f32, f16 or bf16", "convert", MODEL, home.resolve("x").toString(), "--type", "q4_0");
    bad("no such file or folder", "models", "show", "/no/such");
    bad("--ctx: expected", "models", "show", MODEL, "--ctx", "-3");
    bad("--threads: expected", "quantize", MODEL, "o.gguf", "q8_0", "--threads", "0");
  }

  private void bad(String said, String... args) {
    Shell.Result r = new Shell(home).run(args);
    assertThat(r.err()).hasLineCount(1).contains(said);
    assertThat(r.code()).isEqualTo(2);
  }
}
