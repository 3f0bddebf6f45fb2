package org.puna.app.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.app.cli.ModelStore;
import org.puna.model.config.BadInput;

/** Pulls from a hub on this machine: what is taken, and what dropped lines and wrong bytes do. */
class PullTest {
  private static final Retry QUICK = new Retry(3, Duration.ofMillis(5), Duration.ofSeconds(2));
  private static final String WEIGHTS = "model.safetensors";

  @TempDir private Path home;
  private FakeHub hub;
  private final AtomicLong shown = new AtomicLong();
  private long announced;

  @BeforeEach
  void start() throws IOException {
    hub = new FakeHub();
    byte[] weights = new byte[1_000_000];
    new Random(5).nextBytes(weights);
    hub.files.put("config.json", FakeHub.text("{\"model_type\": \"bert\"}"));
    hub.files.put(WEIGHTS, weights);
    hub.files.put("tokenizer.json", FakeHub.text("{}"));
    hub.files.put("vocab.txt", FakeHub.text("[PAD]\n"));
    hub.files.put("1_Pooling/config.json", FakeHub.text("{}"));
    hub.files.put("empty.txt", new byte[0]);
    hub.files.put("pytorch_model.bin", new byte[10]);
    hub.files.put("onnx/model.onnx", new byte[10]);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private Pull.Pulled pull(String reference) throws InterruptedException {
    return pull(reference, new HubSettings(hub.address(), Optional.empty()));
  }

  private Pull.Pulled pull(String reference, HubSettings settings) throws InterruptedException {
    shown.set(0);
    return new Pull(settings, home, QUICK)
        .run(
            Reference.parse(reference),
            total -> {
              announced = total;
              return new Pull.Shown() {
                @Override
                public void bytes(long more) {
                  shown.addAndGet(more);
                }

                @Override
                public void file(String path) {}

                @Override
                public void close() {}
              };
            });
  }

  private List<String> stored() throws IOException {
    if (!Files.exists(models())) return List.of();
    try (Stream<Path> all = Files.walk(models())) {
      return all.filter(Files::isRegularFile)
          .map(p -> models().relativize(p).toString())
          .sorted()
          .toList();
    }
  }

  private Path models() {
    return home.resolve("models");
  }

  private List<String> names() {
    return new ModelStore(models()).list().stream().map(ModelStore.Entry::name).toList();
  }

  private void isWhole() throws IOException {
    assertThat(names()).containsExactly("org/repo");
    assertThat(stored())
        .containsExactly(
            "org/repo/1_Pooling/config.json",
            "org/repo/config.json",
            "org/repo/empty.txt",
            "org/repo/model.safetensors",
            "org/repo/tokenizer.json",
            "org/repo/vocab.txt");
    for (String f : stored()) {
      assertThat(Files.readAllBytes(models().resolve(f)))
          .as(f)
          .isEqualTo(hub.files.get(f.substring("org/repo/".length())));
    }
    // What is shown in the end is what was announced.
    assertThat(shown.get()).isEqualTo(announced);
  }

  private void refused(ThrowingCallable pull, Class<?> type, String said) throws IOException {
    assertThatThrownBy(pull)
        .isInstanceOf(type)
        .hasMessageContaining(said)
        .message()
        .doesNotContain("\n");
    assertThat(names()).isEmpty();
    assertThat(stored()).isEmpty();
  }

  @Test
  void takesAFolder() throws Exception {
    Pull.Pulled p = pull("hf:org/repo");
    assertThat(p.name()).isEqualTo("org/repo");
    assertThat(p.files()).isEqualTo(6);
    assertThat(p.commit()).isEqualTo(FakeHub.COMMIT);
    assertThat(announced).isGreaterThan(1_000_000);
    isWhole();
    assertThat(new ModelStore(models()).resolve("org/repo"))
        .isEqualTo(models().resolve("org/repo"));
    // Again: nothing is fetched, and what has changed is.
    hub.asked.clear();
    pull("hf:org/repo");
    assertThat(hub.asked).isEmpty();
    hub.files.put("tokenizer.json", FakeHub.text("{\"new\": 1}"));
    pull("hf:org/repo");
    assertThat(hub.asked).containsExactly("tokenizer.json");
    isWhole();
  }

  @Test
  void listsByTheTreeWhereTheHubKnowsNothingElse() throws Exception {
    hub.knowsBlobs = false;
    hub.pageSize = 3;
    assertThat(pull("hf:org/repo").commit()).isEqualTo("main");
    isWhole();
  }

  @Test
  void listsWithoutTheTree() throws Exception {
    hub.knowsTree = false;
    pull("hf:org/repo");
    isWhole();
  }

  @Test
  void goesOnWhereALineDropped() throws Exception {
    hub.drops.put(WEIGHTS, List.of(300_000, 300_000, 100_000, 200_000));
    pull("hf:org/repo");
    assertThat(hub.askedFor(WEIGHTS)).startsWith(WEIGHTS + ", " + WEIGHTS + " bytes=");
    assertThat(hub.asked.stream().filter(a -> a.startsWith(WEIGHTS))).hasSize(5);
    isWhole();
  }

  @Test
  void goesOnInALaterProcess() throws Exception {
    hub.drops.put(WEIGHTS, List.of(700_000, 0, 0));
    refused(() -> pull("hf:org/repo"), HubFailure.class, "localhost: ");
    hub.asked.clear();
    pull("hf:org/repo");
    assertThat(hub.askedFor(WEIGHTS)).startsWith(WEIGHTS + " bytes=").doesNotContain(",");
    assertThat(hub.askedFor("config.json")).isEmpty();
    isWhole();
    try (Stream<Path> left = Files.walk(home.resolve("pulls"))) {
      assertThat(left.filter(p -> !p.toString().endsWith(".lock"))).hasSize(1);
    }
  }

  @Test
  void beginsAgainWhereTheHubKnowsNoRanges() throws Exception {
    hub.knowsRanges = false;
    hub.drops.put(WEIGHTS, List.of(300_000));
    pull("hf:org/repo");
    isWhole();
  }

  @Test
  void aTokenDoesNotLeaveTheHub() throws Exception {
    hub.token = Optional.of("hf_secret");
    hub.redirects = true;
    hub.drops.put(WEIGHTS, List.of(300_000));
    pull("hf:org/repo", new HubSettings(hub.address(), hub.token));
    assertThat(hub.leaked).isEmpty();
    isWhole();
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void waitsForABusyHub(int status) throws Exception {
    hub.statuses.put("config.json", List.of(status));
    pull("hf:org/repo");
    isWhole();
  }

  @Test
  void wrongBytesNeverBecomeAModel() throws Exception {
    hub.lies.put("vocab.txt", FakeHub.text("[pad]\n"));
    refused(() -> pull("hf:org/repo"), HubFailure.class, "hf:org/repo:vocab.txt: checksum");
    hub.lies.clear();
    byte[] other = hub.files.get(WEIGHTS).clone();
    other[500_000] ^= 1;
    hub.lies.put(WEIGHTS, other);
    refused(
        () -> pull("hf:org/repo"),
        HubFailure.class,
        "hf:org/repo:model.safetensors: checksum: expected ");
    hub.lies.clear();
    pull("hf:org/repo");
    isWhole();
  }

  @Test
  void bytesOfAnotherTimeAreFetchedAnew() throws Exception {
    hub.drops.put(WEIGHTS, List.of(700_000, 0, 0));
    refused(() -> pull("hf:org/repo"), HubFailure.class, "hf:org/repo:model.safetensors");
    try (Stream<Path> all = Files.walk(home.resolve("pulls"))) {
      Path part = all.filter(p -> p.toString().endsWith(".part")).findFirst().orElseThrow();
      byte[] bytes = Files.readAllBytes(part);
      bytes[3] ^= 1;
      Files.write(part, bytes);
    }
    pull("hf:org/repo");
    isWhole();
  }

  @Test
  void moreBytesThanPromisedAreNotTaken() throws Exception {
    hub.lies.put(WEIGHTS, new byte[1_000_001]);
    refused(() -> pull("hf:org/repo"), HubFailure.class, "more than the 1000000 bytes");
  }

  @Test
  void saysWhatIsMissingOrForbidden() throws Exception {
    refused(() -> pull("hf:org/none"), BadInput.class, "no such repository or revision");
    refused(() -> pull("hf:org/repo@v9"), BadInput.class, "no such repository or revision");
    refused(() -> pull("hf:org/repo:x.gguf"), BadInput.class, "no such file");
    refused(() -> pull("hf:org/repo:config.json"), BadInput.class, "expected a .gguf file");
    hub.statuses.put("config.json", List.of(404));
    refused(() -> pull("hf:org/repo"), BadInput.class, "hf:org/repo:config.json: the hub has no");
    hub.statuses.put("config.json", List.of(403));
    refused(() -> pull("hf:org/repo"), BadInput.class, "access is not granted");
    hub.token = Optional.of("right");
    refused(() -> pull("hf:org/repo"), BadInput.class, "or set HF_TOKEN");
    refused(
        () -> pull("hf:org/repo", new HubSettings(hub.address(), Optional.of("wrong"))),
        BadInput.class,
        "check HF_TOKEN");
  }

  @Test
  void saysWhereThereIsNoHub() throws Exception {
    URI nobody = hub.address();
    hub.close();
    refused(
        () -> pull("hf:org/repo", new HubSettings(nobody, Optional.empty())),
        HubFailure.class,
        "hf:org/repo: localhost: no connection");
    refused(
        () ->
            pull(
                "hf:org/repo",
                new HubSettings(URI.create("http://no-such-host.invalid"), Optional.empty())),
        HubFailure.class,
        "no-such-host.invalid: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil.json",
        "/etc/evil.json",
        "a/../../evil.json",
        "a\\b.json",
        "",
        "C:x.json"
      })
  void aHubCannotWriteElsewhere(String path) throws Exception {
    hub.files.put(path, new byte[1]);
    refused(() -> pull("hf:org/repo"), HubFailure.class, "whose name is not taken");
  }

  @Test
  void takesGgufFiles() throws Exception {
    hub.files.clear();
    hub.files.put("README.md", new byte[3]);
    hub.files.put("tiny-Q4_K_M.gguf", FakeHub.text("four"));
    assertThat(pull("hf:org/repo").name()).isEqualTo("org/repo/tiny-Q4_K_M");
    hub.files.put("tiny-Q8_0.gguf", FakeHub.text("eight"));
    assertThatThrownBy(() -> pull("hf:org/repo"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("name one: hf:org/repo:NAME, of tiny-Q4_K_M.gguf, tiny-Q8_0.gguf");
    assertThat(pull("hf:org/repo:q8_0").name()).isEqualTo("org/repo/tiny-Q8_0");
    assertThat(names()).containsExactly("org/repo/tiny-Q4_K_M", "org/repo/tiny-Q8_0");
    hub.files.put("BF16/big-BF16-00001-of-00002.gguf", FakeHub.text("one"));
    assertThatThrownBy(() -> pull("hf:org/repo:bf16"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("has 1 of its 2 parts");
    hub.files.put("BF16/big-BF16-00002-of-00002.gguf", FakeHub.text("two"));
    hub.drops.put("BF16/big-BF16-00002-of-00002.gguf", List.of(1, 0, 0));
    assertThatThrownBy(() -> pull("hf:org/repo:bf16")).isInstanceOf(HubFailure.class);
    assertThat(names()).hasSize(2);
    assertThat(pull("hf:org/repo:bf16").name()).isEqualTo("org/repo/big-BF16-00001-of-00002");
    assertThat(names()).hasSize(3);
    assertThat(stored()).hasSize(4);
  }

  @Test
  void anEndpointIsAnAddress() {
    assertThat(HubSettings.from(Map.of())).isEqualTo(HubSettings.DEFAULT);
    assertThat(HubSettings.from(Map.of("HF_ENDPOINT", "http://h:1/", "HF_TOKEN", " t\n")))
        .isEqualTo(new HubSettings(URI.create("http://h:1"), Optional.of("t")));
    for (String bad : List.of("ftp://x", "hub", "http://", "http://a b")) {
      assertThatThrownBy(() -> HubSettings.from(Map.of("HF_ENDPOINT", bad)))
          .isInstanceOf(BadInput.class)
          .hasMessageStartingWith("HF_ENDPOINT: expected an address");
    }
    for (String bad :
        List.of("repo", "ollama:a/b", "hf:repo", "hf:a/b/c", "hf:a/..", "hf:a/b@", "hf:a/b:")) {
      assertThatThrownBy(() -> Reference.parse(bad)).isInstanceOf(BadInput.class);
    }
    for (String hub : List.of("", "hf.co/", "huggingface.co/", "https://huggingface.co/")) {
      assertThat(Reference.parse(hub + "org/repo:Q4_K_M"))
          .isEqualTo(Reference.parse("hf:org/repo:Q4_K_M"));
    }
  }
}
