package org.puna.app.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.app.Shell;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class FleetCommandTest {
  private static final String MEASUREMENTS =
      """
      # GPUs,global batch,micro batch,hidden size,attention heads,# layers,sequence length,\
      tensor parallelism,data parallelism,pipeline parallelism,iteration time (ms)
      2,16,8,1024,16,24,1024,1,1,2,372.160408
      8,32,4,1024,16,24,1024,2,2,2,219.732754
      8,4,1,1024,16,16,1024,1,2,4,77.216619
      8,4,2,1024,16,24,1024,4,1,2,128.248067
      """;

  @TempDir private Path home;
  private Shell shell = new Shell(Path.of(""));

  @BeforeEach
  void open() {
    shell = new Shell(home);
  }

  private JsonNode json(String... args) {
    Shell.Result r = shell.run(args);
    assertThat(r.err()).isEmpty();
    assertThat(r.code()).isZero();
    return JsonMapper.shared().readTree(r.out());
  }

  @Test
  void estimatesAPublishedLayout() {
    JsonNode e =
        json(
            "fleet",
            "estimate",
            "--model",
            "llama-3.1-405b",
            "--gpu",
            "H100",
            "--gpus",
            "8192",
            "--layout",
            "tp=8,cp=1,pp=16,dp=64",
            "--seq",
            "8192",
            "--batch",
            "2048",
            "--json");
    assertThat(e.path("tflopsPerGpu").asDouble()).isCloseTo(430, within(430 * 0.08));
    assertThat(e.path("fits").asBoolean()).isTrue();
    double sum = 0;
    for (JsonNode part : e.path("secondsByPart")) sum += part.asDouble();
    assertThat(sum).isCloseTo(e.path("iterationSeconds").asDouble(), within(1e-6));
  }

  @Test
  void interleavingWithoutFullRoundsIsSaid() {
    String line = "fleet estimate --model llama-3-70b --layout tp=8,pp=8,dp=1,vpp=10 --batch ";
    Shell.Result one = shell.run((line + 1).split(" "));
    assertThat(one.out()).contains("rounds of pp=8, and 1 do not divide");
    assertThat(shell.run((line + 16).split(" ")).out()).doesNotContain("rounds of pp");
  }

  private Shell.Result native8B(String... more) {
    List<String> words =
        new ArrayList<>(List.of("fleet", "estimate", "--model", "llama-3-8b", "--gpu", "H100"));
    words.addAll(List.of("--layout", "dp=64", "--batch", "64", "--recompute", "full"));
    words.addAll(List.of(more));
    return shell.run(words.toArray(String[]::new));
  }

  @Test
  void nativePyTorchIsSlowerAndHalfTheLayersRecomputeLess() {
    double fused = seconds("--zero", "3", "--json");
    double compiled = seconds("--zero", "3", "--software", "pytorch-compiled", "--json");
    double eager = seconds("--zero", "3", "--software", "pytorch", "--json");
    double half = seconds("--zero", "3", "--software", "pytorch", "--recomputed", "0.5", "--json");
    assertThat(eager).isGreaterThan(1.1 * compiled).isGreaterThan(1.05 * fused);
    assertThat(half).isLessThan(0.95 * eager);
    assertThat(native8B("--recomputed", "0.5").out()).contains("layers that do so");
    Shell.Result r = native8B("--recomputed", "2");
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).contains("--recomputed: expected 0 to 1, found 2.0");
  }

  private double seconds(String... more) {
    return JsonMapper.shared().readTree(native8B(more).out()).path("iterationSeconds").asDouble();
  }

  @Test
  void sizesANamedAndASpelledOutShape() {
    JsonNode named = json("fleet", "size", "gpt-3-175b", "--seq", "2048", "--json");
    JsonNode spelled =
        json(
            "fleet",
            "size",
            "layers=96,hidden=12288,heads=96,ffn=49152,vocab=51200,arch=gpt",
            "--seq",
            "2048",
            "--json");
    assertThat(spelled.path("totalParameters").asLong())
        .isEqualTo(named.path("totalParameters").asLong())
        .isEqualTo(174_615_846_912L);
  }

  @Test
  void plansAndCountsAndServes() throws Exception {
    Path inventory = Files.writeString(home.resolve("inv.csv"), "site,chip,count\na,H100,1024\n");
    JsonNode plan =
        json(
            "fleet",
            "plan",
            "--model",
            "llama-3-8b",
            "--tokens",
            "1T",
            "--inventory",
            inventory.toString(),
            "--json");
    JsonNode best = plan.path("places").get(0).path("plans").get(0);
    assertThat(best.path("days").asDouble()).isBetween(0.5, 30.0);
    assertThat(best.path("gpuHoursLeast").asDouble()).isLessThan(best.path("gpuHours").asDouble());
    JsonNode count = json("fleet", "equivalents", inventory.toString(), "--json");
    assertThat(count.path("total").path("BF16_PEAK").asDouble()).isEqualTo(1024);
    JsonNode serve =
        json("fleet", "serve-capacity", "--model", "llama-3-70b", "--users", "1000", "--json");
    assertThat(serve.path("gpus").asInt()).isGreaterThan(1);
    Path page = home.resolve("report.html");
    assertThat(shell.run("fleet", "chips", "--html", page.toString()).code()).isZero();
    assertThat(Files.readString(page)).contains("H100-80GB-SXM").doesNotContain("http");
  }

  @Test
  void calibratesByNameAndEvaluatesWithIt() throws Exception {
    Path file = Files.writeString(home.resolve("m.csv"), MEASUREMENTS);
    Shell.Result r = shell.run("fleet", "calibrate", file.toString(), "--name", "mine");
    assertThat(r.code()).isZero();
    assertThat(home.resolve("calibrations/mine.json")).exists();
    JsonNode e = json("fleet", "evaluate", file.toString(), "--calibration", "mine", "--json");
    assertThat(e.path("rows")).hasSize(4);
    assertThat(e.path("meanAbsoluteError").asDouble()).isLessThan(0.25);
  }

  @Test
  void sizesAConfigOfAModelThatOnlyPlansKnow() throws Exception {
    Path file =
        Files.writeString(
            home.resolve("config.json"),
            "{\"model_type\":\"gpt2\",\"n_embd\":768,\"n_layer\":12,\"n_head\":12,"
                + "\"n_positions\":1024,\"vocab_size\":50257}");
    double all =
        json("fleet", "size", file.toString(), "--json").path("totalParameters").asDouble();
    assertThat(all).as("GPT-2 small: 124 million").isBetween(123e6, 126e6);
    Files.writeString(file, "{\"model_type\":\"rwkv\",\"rwkv_version\":5}");
    Shell.Result r = shell.run("fleet", "size", file.toString());
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).contains("config.json: JSON key rwkv_version: layers of this kind");
  }

  @Test
  void sizesWhatTheOptionsSay() {
    String[] plain = {"fleet", "size", "llama-3-8b", "--layout", "tp=2,dp=4", "--json"};
    String[] full = {
      "fleet",
      "size",
      "llama-3-8b",
      "--layout",
      "tp=2,dp=4",
      "--recompute",
      "full",
      "--zero",
      "1",
      "--gradients",
      "bf16",
      "--json"
    };
    JsonNode all = json(plain).path("memory");
    JsonNode one = json(full).path("memory");
    assertThat(one.path("zero1").path("activations").asDouble())
        .isLessThan(all.path("zero1").path("activations").asDouble());
    assertThat(one.path("zero1").path("gradients").asDouble())
        .isLessThan(all.path("zero1").path("gradients").asDouble());
    assertThat(all.has("zero2")).isTrue();
    assertThat(one.has("zero2")).isFalse();
    assertThat(one.propertyNames()).noneMatch(n -> n.endsWith("recompute none"));
  }

  @Test
  void aBudgetHonoursTheOptionsOfTheRun() {
    JsonNode place =
        json(
                "fleet",
                "plan",
                "--budget",
                "2M",
                "--gpus",
                "256",
                "--seq",
                "4096",
                "--batch",
                "512",
                "--precision",
                "fp8",
                "--recompute",
                "full",
                "--micro-batch",
                "1",
                "--json")
            .path("places")
            .get(0);
    JsonNode plan = place.path("Chinchilla");
    assertThat(plan.path("rentUsd").asDouble()).isBetween(1.96e6, 2e6);
    JsonNode e = plan.path("estimate");
    assertThat(e.path("seq").asInt()).isEqualTo(4096);
    assertThat(e.path("batch").asInt()).isEqualTo(512);
    assertThat(e.path("precision").asString()).isEqualTo("fp8");
    assertThat(e.path("recompute").asString()).isEqualTo("full");
    assertThat(e.path("microBatch").asInt()).isEqualTo(1);
    assertThat(e.path("mfuFormula").asString()).contains("BF16");
    double mfu = e.path("mfu").asDouble();
    assertThat(e.path("palmMfu").asDouble()).as("all scores").isBetween(1.005 * mfu, 1.2 * mfu);
  }

  @Test
  void smallRunsAreInSmallUnits() {
    String line = "fleet plan --model llama-3.2-1b --gpus 8 --batch 512 --best 1 --tokens ";
    String small = shell.run((line + "1B").split(" ")).out();
    assertThat(small).contains("hours", "kWh", "kg CO2", "rent USD").doesNotContain("MUSD");
    assertThat(shell.run((line + "10T").split(" ")).out()).contains("days", "MWh", "rent MUSD");
  }

  @Test
  void fp8OfChipsWithoutItIsSaid() {
    String line = "fleet estimate --model llama-3-8b --layout tp=8 --precision fp8 --gpu ";
    assertThat(shell.run((line + "A100").split(" ")).err()).contains("no FP8 rate of A100");
    assertThat(shell.run((line + "H100").split(" ")).err()).isEmpty();
  }

  @Test
  void sequencesTakeSuffixes() {
    String line = "fleet estimate --model llama-3-8b --layout tp=8 --batch 8 --json --seq ";
    assertThat(json((line + "8K").split(" ")).path("seq").asInt()).isEqualTo(8000);
    Shell.Result r = shell.run((line + "3B").split(" "));
    assertThat(r.err()).contains("--seq: expected a whole number of tokens");
  }

  @Test
  void tablesWithoutRowsAreRefused() throws Exception {
    Path file =
        Files.writeString(
            home.resolve("t.csv"), "model,params_b,gpu,tp,cp,pp,dp,seq,global_batch_seqs,tflops\n");
    Shell.Result r = shell.run("fleet", "evaluate", file.toString());
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.err()).contains("t.csv: no rows below the header;");
  }

  @Test
  void filesOfTheExamplesInHelpExist() {
    String help = shell.run("help", "--markdown").out();
    Matcher m = Pattern.compile("fleet/examples/[A-Za-z0-9.-]+").matcher(help);
    int found = 0;
    for (; m.find(); found++) assertThat(Path.of("..").resolve(m.group())).exists();
    assertThat(found).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "size nothing-1b",
        "size layers=96",
        "estimate --model llama-3-8b --layout tp=3",
        "estimate --model llama-3-8b --layout tp=8 --gpu Z9",
        "estimate --model llama-3-8b --layout tp=8,dp=3 --batch 8",
        "plan --model llama-3-8b --tokens soon --gpus 8",
        "plan --model llama-3.1-405b --tokens 1T --gpus 8",
        "plan --gpus 0",
        "equivalents missing.yaml",
        "evaluate missing.csv",
        "serve-capacity --model llama-3.1-405b --users 5 --gpu T4",
        "serve-capacity --model llama-3-8b --users 5 --context 100 --prompt 4000",
        "size llama-3-8b --zero 9",
        "size llama-3-8b --micro-batch 2147483647",
        "size layers=1000,hidden=99999999,heads=1,ffn=99999999,vocab=99999999",
        "plan --model llama-3-8b --tokens 1T --gpus 8 --best -3",
        "plan --model llama-3-8b --tokens 1,5T --gpus 8",
        "plan --budget 1M --gpus 8 --model llama-3-8b",
        "plan --budget 1M --gpus 8 --tokens 1T",
        "plan --budget 1M --gpus 8 --days 3",
        "estimate --model llama-3-8b --layout tp=8 --scale-out 400gb/s",
      })
  void mistakesAreOneLineAndCodeTwo(String line) {
    String[] words = ("fleet " + line).split(" ");
    Shell.Result r = shell.run(words);
    assertThat(r.code()).isEqualTo(2);
    assertThat(r.out()).isEmpty();
    assertThat(r.err().strip().lines()).hasSize(1);
  }
}
