package org.puna.model.convert;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.puna.model.Checkpoint;
import org.puna.model.Fixtures;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Folders against those that the transformers library wrote: the same keys, tensors and types. */
class FolderFilesTest {
  private static final int THREADS = 2;

  /** What transformers says of itself. */
  private static final Set<String> ITS_OWN =
      Set.of("transformers_version", "_sliding_window_pattern");

  /** The two spellings of rotary embeddings; {@code ConvertTest} compares what they mean. */
  private static final Set<String> ROPE =
      Set.of("rope_parameters", "rope_theta", "rope_scaling", "rope_local_base_freq");

  /**
   * What plays no part in these files: the fixtures have no tokenizer that names tokens, no window
   * and no LongRoPE; a key made of others that are there.
   */
  private static final Set<String> WITHOUT_PART =
      Set.of(
          "bos_token_id",
          "pad_token_id",
          "max_window_layers",
          "original_max_position_embeddings",
          "no_rope_layer_interval");

  @TempDir private Path dir;

  @ParameterizedTest
  @MethodSource("org.puna.model.Fixtures#families")
  void aFolderThatIsWrittenAgainSaysTheSame(String family) throws IOException {
    Path in = Fixtures.path("models/" + family);
    Path out = dir.resolve("out");
    Convert.run(in, out, Optional.empty(), THREADS, Progress.NONE);
    assertThat(json(out.resolve("config.json"))).isEqualTo(json(in.resolve("config.json")));
    assertThat(types(out)).isEqualTo(types(in));
    Set<String> files = new TreeSet<>(Set.of("config.json", "model.safetensors"));
    if (Files.exists(in.resolve("tokenizer.json"))) files.add("tokenizer.json");
    else files.add("generation_config.json");
    assertThat(names(out)).isEqualTo(files);

    Path half = dir.resolve("half");
    Convert.run(in, half, Optional.of("bf16"), THREADS, Progress.NONE);
    ObjectNode config = json(half.resolve("config.json"));
    String key = json(in.resolve("config.json")).has("dtype") ? "dtype" : "torch_dtype";
    assertThat(config.path(key).stringValue()).isEqualTo("bfloat16");
    config.put(key, "float32");
    assertThat(config).isEqualTo(json(in.resolve("config.json")));
    for (JsonNode t : header(half).values()) {
      if (t.has("dtype")) assertThat(t.path("dtype").stringValue()).isEqualTo("BF16");
    }
    assertThat(header(half).propertyNames()).isEqualTo(header(in).propertyNames());
  }

  @ParameterizedTest
  @MethodSource("org.puna.model.Fixtures#families")
  void aFolderMadeOfAFileHasTheLibrarysKeysAndValues(String family) throws IOException {
    Path in = Fixtures.path("models/" + family);
    Path gguf = dir.resolve("m.gguf");
    Path out = dir.resolve("out");
    Convert.run(in, gguf, Optional.empty(), THREADS, Progress.NONE);
    Convert.run(gguf, out, Optional.empty(), THREADS, Progress.NONE);
    ObjectNode ours = json(out.resolve("config.json"));
    ObjectNode theirs = json(in.resolve("config.json"));
    assertThat(ours.path("torch_dtype").stringValue()).isEqualTo("float32");
    for (String key : theirs.propertyNames()) {
      if (ITS_OWN.contains(key) || ROPE.contains(key) || WITHOUT_PART.contains(key)) continue;
      if (key.equals("dtype") || theirs.get(key).isNull()) continue;
      assertThat(ours.has(key)).as(key).isTrue();
      assertThat(plain(ours.get(key))).as(key).isEqualTo(plain(theirs.get(key)));
    }
    assertThat(types(out)).isEqualTo(types(in));
  }

  /** Python's library and Puna write some whole numbers of real keys as 1 and as 1.0. */
  private static Object plain(JsonNode n) {
    return n.isNumber() ? (Object) n.doubleValue() : n;
  }

  @Test
  void whatPunaDoesNotKnowStays() throws IOException {
    Path in = Files.createDirectories(dir.resolve("in"));
    Path fixture = Fixtures.path("models/llama3");
    Files.copy(fixture.resolve("model.safetensors"), in.resolve("model.safetensors"));
    ObjectNode config = json(fixture.resolve("config.json"));
    config.put("somebody_s_key", 7).putObject("auto_map").put("AutoModel", "x.Y");
    config.remove("architectures");
    Files.writeString(in.resolve("config.json"), config.toString());
    String generation = "{\"eos_token_id\": [2, 5], \"max_length\": 99}";
    Files.writeString(in.resolve("generation_config.json"), generation);
    byte[] binary = {0, (byte) 0xff, (byte) 0xfe, 10};
    Files.write(in.resolve("tiktoken.model"), binary);
    Files.writeString(in.resolve("chat_template.jinja"), "{{ messages }}");
    Path out = dir.resolve("out");
    Convert.run(in, out, Optional.of("f16"), THREADS, Progress.NONE);
    ObjectNode written = json(out.resolve("config.json"));
    assertThat(written.path("somebody_s_key").intValue()).isEqualTo(7);
    assertThat(written.has("auto_map")).isFalse();
    assertThat(written.path("architectures").toString()).isEqualTo("[\"LlamaForCausalLM\"]");
    assertThat(written.path("torch_dtype").stringValue()).isEqualTo("float16");
    assertThat(written.has("dtype")).isFalse();
    assertThat(out.resolve("generation_config.json")).hasContent(generation);
    assertThat(out.resolve("tiktoken.model")).hasBinaryContent(binary);
    assertThat(out.resolve("chat_template.jinja")).hasContent("{{ messages }}");
  }

  @Test
  void aFilesTokenizerBecomesTheLibrarysFiles() throws IOException {
    Path out = dir.resolve("out");
    Convert.run(Fixtures.path("gguf/tiny-q4_0.gguf"), out, Optional.empty(), 1, Progress.NONE);
    assertThat(names(out))
        .containsExactlyInAnyOrder(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json");
    ObjectNode config = json(out.resolve("tokenizer_config.json"));
    ObjectNode map = json(out.resolve("special_tokens_map.json"));
    assertThat(config.path("tokenizer_class").stringValue()).isEqualTo("PreTrainedTokenizerFast");
    assertThat(config.path("chat_template").stringValue()).startsWith("{{ bos_token }}");
    try (Checkpoint c = Checkpoint.open(out)) {
      assertThat(config.path("model_max_length").intValue()).isEqualTo(c.config().contextLength());
      assertThat(map.propertyNames()).contains("bos_token", "eos_token");
      for (String key : map.propertyNames()) {
        assertThat(config.path(key)).isEqualTo(map.path(key));
        int id = c.tokenizer().id(map.path(key).stringValue()).orElseThrow();
        JsonNode numbered = json(out.resolve("config.json")).path(key + "_id");
        if (!numbered.isMissingNode()) assertThat(numbered.intValue()).as(key).isEqualTo(id);
      }
    }
  }

  @Test
  void shardsHaveAnIndexThatNamesEveryTensorOnce() throws IOException {
    Path in = Fixtures.path("models/mixtral");
    Path out = dir.resolve("out");
    try (Checkpoint c = Checkpoint.open(in)) {
      Convert.toFolder(c, out, Optional.empty(), 300_000, THREADS, Progress.NONE);
    }
    ObjectNode index = json(out.resolve("model.safetensors.index.json"));
    ObjectNode whole = header(in);
    whole.remove("__metadata__");
    var map = new TreeMap<String, String>();
    long bytes = 0;
    for (String file : names(out)) {
      if (!file.endsWith(".safetensors")) continue;
      ObjectNode h = header(out.resolve(file));
      assertThat(h.remove("__metadata__").toString()).isEqualTo("{\"format\":\"pt\"}");
      for (String name : h.propertyNames()) {
        assertThat(map.put(name, file)).isNull();
        assertThat(h.path(name).path("shape")).isEqualTo(whole.path(name).path("shape"));
        JsonNode at = h.path(name).path("data_offsets");
        bytes += at.get(1).longValue() - at.get(0).longValue();
      }
    }
    assertThat(map.keySet()).isEqualTo(new TreeSet<>(whole.propertyNames()));
    assertThat(index.path("weight_map").propertyNames()).hasSameSizeAs(map.keySet());
    map.forEach((name, file) ->
        assertThat(index.path("weight_map").path(name).stringValue()).isEqualTo(file));
    assertThat(index.path("metadata").path("total_size").longValue()).isEqualTo(bytes);
  }

  private static ObjectNode json(Path file) throws IOException {
    return (ObjectNode) JsonMapper.shared().readTree(Files.readAllBytes(file));
  }

  /** Returns the header of a file or of a folder's only one, with names, types, shapes, offsets. */
  private static ObjectNode header(Path path) throws IOException {
    Path file = Files.isDirectory(path) ? path.resolve("model.safetensors") : path;
    try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "r")) {
      byte[] json = new byte[Math.toIntExact(Long.reverseBytes(f.readLong()))];
      f.readFully(json);
      return (ObjectNode) JsonMapper.shared().readTree(json);
    }
  }

  /** Returns a header without where in the file the numbers lie, which is the writer's choice. */
  private static ObjectNode types(Path path) throws IOException {
    ObjectNode out = header(path);
    for (JsonNode t : out.values()) ((ObjectNode) t).remove("data_offsets");
    return out;
  }

  private static Set<String> names(Path folder) throws IOException {
    try (var all = Files.list(folder)) {
      Set<String> out = new TreeSet<>();
      all.forEach(p -> out.add(String.valueOf(p.getFileName())));
      return out;
    }
  }
}
