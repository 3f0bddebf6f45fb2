package org.puna.model.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.Fixtures;
import org.puna.model.Hostile;
import org.puna.model.config.BadInput;
import org.puna.tensor.Tensor;
import org.puna.tensor.quant.BlockFormats;

class SafetensorsTest {
  private static final int MUTATIONS = 4000;

  @TempDir Path dir;

  @Test
  void readsFilesThatTheReferenceWrote() {
    try (var f = Safetensors.open(Fixtures.path("models/llama3"))) {
      assertThat(f.metadata()).containsEntry("format", "pt");
      assertThat(f.tensor("model.layers.0.self_attn.k_proj.weight").shape())
          .containsExactly(32, 64);
    }
    try (var f = Safetensors.open(Fixtures.path("models/llama3/expected.safetensors"))) {
      assertThat(f.entries().get("greedy").dtype()).isEqualTo(Dtype.I32);
      assertThat(f.tensor("greedy").shape()).containsExactly(1, 32);
      assertThat(f.tensor("logits").rowElements()).isEqualTo(320);
    }
  }

  @Test
  void writesAndReadsBack() {
    Path path = dir.resolve("x.safetensors");
    SafetensorsWriter.write(path, tiny(), Map.of("format", "pt", "quote\"", "ü"));
    try (var f = Safetensors.open(path)) {
      assertThat(f.metadata()).containsEntry("quote\"", "ü").hasSize(2);
      tiny().forEach((name, t) -> assertThat(f.tensor(name)).isEqualTo(t));
      assertThat(f.entries()).hasSameSizeAs(tiny());
    }
    assertThat(dir.toFile().list()).containsExactly("x.safetensors");
  }

  @Test
  void writesTheSameBytesAsTheReference() throws IOException {
    Path fixture = Fixtures.path("models/llama4/model.safetensors");
    Path copy = dir.resolve("copy.safetensors");
    try (var f = Safetensors.open(fixture)) {
      var tensors = new LinkedHashMap<String, Tensor>();
      f.entries().keySet().forEach(n -> tensors.put(n, f.tensor(n)));
      SafetensorsWriter.write(copy, tensors, f.metadata());
    }
    assertThat(Files.mismatch(fixture, copy)).isEqualTo(-1);
  }

  @Test
  void readsShards() throws IOException {
    shards("{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\",\"c\":\"s1.safetensors\"}");
    try (var f = Safetensors.open(dir)) {
      tiny().forEach((name, t) -> assertThat(f.tensor(name)).isEqualTo(t));
      assertThat(f.paths()).hasSize(2);
    }
  }

  @Test
  void saysWhatIsWrongWithAnIndex() throws IOException {
    assertBad(() -> Safetensors.open(dir), "expected model.safetensors or model.safetensors.index");
    Files.writeString(dir.resolve("pytorch_model.bin"), "x");
    assertBad(
        () -> Safetensors.open(dir), "found pytorch_model.bin; save the model as safetensors");
    for (String name :
        new String[] {"../s1", "/etc/passwd", "a/b", "..", "", "a\\\\b", "\\u0000"}) {
      shards("{\"a\":\"" + name + "\"}");
      assertBad(() -> Safetensors.open(dir), "expected names of files beside the index");
    }
    shards("{\"a\":\"s9.safetensors\"}");
    assertBad(() -> Safetensors.open(dir), "s9.safetensors is missing");
    shards("{\"a\":\"s2.safetensors\"}");
    assertBad(() -> Safetensors.open(dir), "tensor \"a\" is missing");
    shards("{}");
    assertBad(() -> Safetensors.open(dir), "expected tensors, found none");
    shards("[]");
    assertBad(() -> Safetensors.open(dir), "expected an object");
    shards("{\"a\":\"s1.safetensors\",\"a\":\"s1.safetensors\"}");
    assertBad(() -> Safetensors.open(dir), "uplicate");
    Files.writeString(dir.resolve(Safetensors.INDEX), "{\"weight_map\":{\"a\"");
    assertBad(() -> Safetensors.open(dir), "JSON at offset");
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    assertBad(new byte[4], "truncated");
    assertBad(new byte[0], "empty");
    assertBad(bytes(Long.MAX_VALUE, "{}", 0), "header length at offset 0");
    assertBad(bytes(100, "{}", 0), "header length at offset 0");
    assertBad(bytes(-1, "{}", 0), "header length at offset 0");
    assertBad("[]", 0, "expected \"{\"");
    assertBad("{x}", 0, "JSON at offset");
    assertBad("{}", 4, "expected 0 bytes as the header says, found 4");
    assertBad("{\"a\":3}", 0, "expected an object");
    assertBad("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "data_offsets: expected a value");
    assertBad(one("F31", "[1]", "[0,4]"), 4, "expected a safetensors type, found \"F31\"");
    assertBad(one("F32", "[1]", "[0,8]"), 8, "expected 4 bytes for F32[1], found 8");
    assertBad(one("F32", "[1]", "[8,4]"), 8, "expected [begin, end], found [8, 4]");
    assertBad(one("F32", "[-1]", "[0,4]"), 4, "at least 0");
    assertBad(one("F32", "[1.5]", "[0,4]"), 4, "expected a whole number");
    assertBad(one("F32", "[99999999999999999999]", "[0,4]"), 4, "JSON at offset");
    assertBad(one("F32", "[4294967296,4294967296]", "[0,4]"), 4, "below 2^63");
    assertBad(one("F32", "[1]", "[4,8]"), 8, "leaves a hole");
    assertBad(one("F32", "[2]", "[0,8]"), 4, "is it truncated?");
    String a = one("F32", "[2]", "[0,8]");
    String b = one("F32", "[2]", "[4,12]").replace("\"a\"", "\"b\"");
    assertBad(a.substring(0, a.length() - 1) + "," + b.substring(1), 12, "which overlaps it");
    assertBad(a.substring(0, a.length() - 1) + "," + a.substring(1), 8, "uplicate");
    assertBad("{\"__metadata__\":{\"a\":1}}", 0, "expected a string");
    assertBad("{\"a\":" + "[".repeat(5000) + "}", 0, "a.safetensors");
  }

  @Test
  void readsTypesThatTensorsLack() throws IOException {
    Path path = dir.resolve("a.safetensors");
    Files.write(path, bytes(-2, one("U8", "[3]", "[0,3]"), 3));
    try (var f = Safetensors.open(path)) {
      assertThat(f.entries().get("a").dtype()).isEqualTo(Dtype.U8);
      assertBad(() -> f.tensor("a"), "found U8");
      assertBad(() -> f.tensor("b"), "tensor \"b\" is missing");
    }
    Files.write(path, bytes(-2, one("F32", "[0,3]", "[0,0]"), 0));
    try (var f = Safetensors.open(path)) {
      assertBad(() -> f.tensor("a"), "expected sizes of at least 1");
    }
  }

  @Test
  void survivesMutations() throws IOException {
    Path path = dir.resolve("m.safetensors");
    SafetensorsWriter.write(path, tiny(), Map.of("format", "pt"));
    byte[] valid = Files.readAllBytes(path);
    long seed = System.nanoTime();
    var random = new Random(seed);
    int well = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      Files.write(path, Hostile.mutate(valid, random, 300));
      try {
        if (Hostile.survives(() -> readAll(path))) well++;
      } catch (Throwable t) {
        throw new AssertionError("seed " + seed + ", mutation " + i, t);
      }
    }
    assertThat(well).as("seed %d: some must still read", seed).isBetween(1, MUTATIONS - 1);
  }

  private static void readAll(Path path) {
    try (var f = Safetensors.open(path)) {
      for (String name : f.entries().keySet()) {
        try {
          assertThat(f.tensor(name).toFloats()).isNotEmpty();
        } catch (BadInput e) {
          assertThat(e).hasMessageContaining("expected");
        }
      }
    }
  }

  private static Map<String, Tensor> tiny() {
    var random = new Random(2);
    var out = new LinkedHashMap<String, Tensor>();
    out.put("a", tensor(random, BlockFormats.BF16, 3, 5));
    out.put("b", tensor(random, BlockFormats.F32, 2, 2));
    out.put("c", tensor(random, BlockFormats.I32));
    return out;
  }

  private static Tensor tensor(Random random, org.puna.tensor.quant.BlockFormat f, long... shape) {
    long n = 1;
    for (long s : shape) n *= s;
    byte[] bytes = new byte[(int) f.bytes(n)];
    random.nextBytes(bytes);
    return new Tensor(f, shape, MemorySegment.ofArray(bytes));
  }

  private void shards(String map) throws IOException {
    var all = tiny();
    var second = Map.of("b", all.remove("b"));
    SafetensorsWriter.write(dir.resolve("s1.safetensors"), all, Map.of());
    SafetensorsWriter.write(dir.resolve("s2.safetensors"), second, Map.of());
    Files.writeString(
        dir.resolve(Safetensors.INDEX),
        "{\"metadata\":{\"total_size\":1},\"weight_map\":" + map + "}");
  }

  private static String one(String dtype, String shape, String range) {
    return "{\"a\":{\"dtype\":\""
        + dtype
        + "\",\"shape\":"
        + shape
        + ",\"data_offsets\":"
        + range
        + "}}";
  }

  /** A file whose header claims a length, the true one where that is -2. */
  private static byte[] bytes(long length, String json, int data) {
    byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + utf8.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length == -2 ? utf8.length : length)
        .put(utf8)
        .array();
  }

  private void assertBad(String json, int data, String message) throws IOException {
    assertBad(bytes(-2, json, data), message);
  }

  private void assertBad(byte[] file, String message) throws IOException {
    Path path = dir.resolve("a.safetensors");
    Files.write(path, file);
    assertBad(() -> Safetensors.open(path).close(), message);
  }

  private static void assertBad(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
