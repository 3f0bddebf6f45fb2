package org.puna.model.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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

class GgufFileTest {
  private static final int MUTATIONS = 4000;

  @TempDir Path dir;

  @Test
  void readsAFileThatTheReferenceWrote() {
    try (var f = GgufFile.open(Fixtures.path("gguf/tiny-q4_k_m.gguf"))) {
      assertThat(f.version()).isEqualTo(3);
      assertThat(f.metadata().string("general.architecture")).isEqualTo("llama");
      assertThat(f.metadata().u32("llama.block_count")).isEqualTo(2);
      assertThat(f.metadata().f32("llama.rope.freq_base")).isEqualTo(500000);
      var tokens = f.metadata().optionalArray("tokenizer.ggml.tokens", GgufType.STRING).get();
      assertThat(tokens.size()).isEqualTo(512);
      assertThat(tokens.text(0)).isEqualTo("!");
      assertThat(tokens.text(511)).isEqualTo(tokens.texts().get(511)).isNotBlank();
      assertThat(f.tensors()).hasSize(21);
      assertThat(f.tensors().keySet()).startsWith("token_embd.weight", "output_norm.weight");
      Tensor down = f.tensor("blk.1.ffn_down.weight").get();
      assertThat(down.format().name()).isEqualTo("Q6_K");
      assertThat(down.shape()).containsExactly(256, 512);
    }
  }

  @Test
  void writesEveryTypeAndReadsItBack() {
    var metadata = everyType();
    var tensors = tinyTensors();
    Path path = dir.resolve("all.gguf");
    GgufWriter.write(path, metadata, tensors);
    try (var f = GgufFile.open(path)) {
      assertThat(f.metadata().values().keySet()).containsExactlyElementsOf(metadata.keySet());
      metadata.forEach((k, v) ->
          assertThat(f.metadata().find(k).get().toString()).as(k).isEqualTo(v.toString()));
      var nested = f.metadata().optionalArray("nested", GgufType.ARRAY).get();
      assertThat(nested.array(1).array(0).texts()).containsExactly("a", "ü", "");
      assertThat(f.metadata().find("i64").get().integer()).isEqualTo(Long.MIN_VALUE);
      assertThat(f.tensors()).isEqualTo(tensors);
    }
    assertThat(dir.toFile().list()).containsExactly("all.gguf");
  }

  @Test
  void writesTheSameBytesAgain() throws IOException {
    Path fixture = Fixtures.path("gguf/tiny-mixed.gguf");
    Path copy = dir.resolve("copy.gguf");
    try (var f = GgufFile.open(fixture)) {
      GgufWriter.write(copy, f.metadata().values(), f.tensors());
    }
    assertThat(Files.mismatch(fixture, copy)).isEqualTo(-1);
  }

  @Test
  void readsVersionTwoAndOtherAlignments() throws IOException {
    var metadata = everyType();
    metadata.put("general.alignment", GgufValue.u32(256));
    Path path = dir.resolve("v2.gguf");
    GgufWriter.write(path, metadata, tinyTensors());
    byte[] bytes = Files.readAllBytes(path);
    bytes[4] = 2;
    Files.write(path, bytes);
    try (var f = GgufFile.open(path)) {
      assertThat(f.version()).isEqualTo(2);
      assertThat(f.alignment()).isEqualTo(256);
      assertThat(f.tensors()).isEqualTo(tinyTensors());
    }
  }

  @Test
  void findsAllPartsFromAnyPart() {
    var tensors = new ArrayList<>(tinyTensors().entrySet());
    for (int i = 0; i < tensors.size(); i++) {
      var metadata = split(i, tensors.size(), tensors.size());
      if (i == 0) metadata.put("general.name", GgufValue.of("parts"));
      GgufWriter.write(part(i, tensors.size()), metadata, Map.ofEntries(tensors.get(i)));
    }
    for (int i = 0; i < tensors.size(); i++) {
      try (var f = GgufFile.open(part(i, tensors.size()))) {
        assertThat(f.metadata().string("general.name")).isEqualTo("parts");
        assertThat(f.tensors()).isEqualTo(tinyTensors());
        assertThat(f.paths()).hasSize(tensors.size());
      }
    }
  }

  @Test
  void findsPartsWhereTheLocaleHasDigitsOfItsOwn() {
    var tensors = new ArrayList<>(tinyTensors().entrySet());
    Path first = part(0, 2);
    Path second = part(1, 2);
    GgufWriter.write(first, split(0, 2, 2), Map.ofEntries(tensors.get(0)));
    GgufWriter.write(second, split(1, 2, 2), Map.ofEntries(tensors.get(1)));
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try (var f = GgufFile.open(first)) {
      assertThat(f.paths()).containsExactly(first, second);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void saysWhatIsWrongWithParts() throws IOException {
    var all = new ArrayList<>(tinyTensors().entrySet());
    GgufWriter.write(part(0, 2), split(0, 2, 2), Map.ofEntries(all.get(0)));
    assertBad(() -> GgufFile.open(part(0, 2)), "part 2 of 2 is missing");
    GgufWriter.write(part(1, 2), split(0, 2, 2), Map.ofEntries(all.get(1)));
    assertBad(() -> GgufFile.open(part(0, 2)), "split.no: expected 1, found 0");
    GgufWriter.write(part(1, 2), split(1, 2, 2), Map.ofEntries(all.get(0)));
    assertBad(() -> GgufFile.open(part(1, 2)), "already in an earlier part");
    GgufWriter.write(part(1, 2), split(1, 2, 3), Map.ofEntries(all.get(1)));
    GgufFile.open(part(1, 2)).close();
    GgufWriter.write(part(0, 2), split(0, 2, 3), Map.ofEntries(all.get(0)));
    assertBad(() -> GgufFile.open(part(1, 2)), "split.tensors.count: expected 2");
    Files.copy(part(0, 2), dir.resolve("alone.gguf"));
    assertBad(() -> GgufFile.open(dir.resolve("alone.gguf")), "one of 2 parts");
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    assertBad(() -> GgufFile.open(dir), "expected a regular file, found a folder");
    assertBad(() -> GgufFile.open(dir.resolve("none")), "no such file");
    assertBad(new byte[0], "is empty");
    assertBad(new byte[10], "truncated");
    assertBad(new byte[64], "magic at offset 0: expected \"GGUF\", found 0x00000000");
    assertBad(raw().putInt(4, 1), "version at offset 4: expected 2 or 3, found 1");
    assertBad(raw().putInt(4, 3 << 24), "big-endian");
    assertBad(raw().putInt(4, 9), "found 9");
    assertBad(raw().putLong(8, 1000), "tensor count at offset 8: expected at most");
    assertBad(raw().putLong(16, -1), "metadata count at offset 16");
    assertBad(raw().putLong(16, 1).putLong(24, 1 << 20), "metadata key 0 length at offset 24");
    assertBad(raw().putLong(16, 1), "metadata key 0 at offset 24: expected a name");
    assertBad(key(13), "type at offset 33: expected 0 to 12, found 13");
    assertBad(key(8).putLong(37, 1L << 40), "length at offset 37");
    assertBad(key(9).putInt(37, 4).putLong(41, 1L << 40), "element count at offset 41");
  }

  @Test
  void saysWhatIsWrongWithATensor() throws IOException {
    assertBad(tensor(1, 5, 0, 0), "dimension count at offset 33: expected at most 4, found 5");
    assertBad(tensor(0, 1, 0, 0), "dimension 0 at offset 37: expected at least 1, found 0");
    assertBad(tensor(-4, 1, 0, 0), "dimension 0 at offset 37");
    assertBad(tensor(8, 1, 200, 0), "type at offset 45: expected one of F32");
    assertBad(tensor(8, 1, 16, 0), "found IQ2_XXS (type number 16)");
    assertBad(tensor(8, 1, 2, 0), "expected whole Q4_0 blocks of 32");
    assertBad(tensor(8, 1, 0, 3), "offset at offset 49: expected a multiple of 32, found 3");
    assertBad(tensor(8, 1, 0, 1 << 20), "is it truncated?");
    assertBad(tensor(1 << 20, 1, 0, 0), "is it truncated?");
    assertBad(tensor(Long.MAX_VALUE, 1, 0, 0), "row length");
    var twice = raw().putLong(8, 2);
    info(twice, 24, 8, 1, 0, 0);
    info(twice, 57, 8, 1, 0, 0);
    assertBad(twice, "expected a name once");
    twice.put(65, (byte) 'u');
    assertBad(twice, "lies inside tensor");
  }

  @Test
  void survivesMutations() throws IOException {
    Path path = dir.resolve("mutated.gguf");
    GgufWriter.write(path, everyType(), tinyTensors());
    byte[] valid = Files.readAllBytes(path);
    long seed = System.nanoTime();
    var random = new Random(seed);
    int well = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] broken = Hostile.mutate(valid, random, 1400);
      Files.write(path, broken);
      try {
        if (Hostile.survives(() -> readAll(path))) well++;
      } catch (Throwable t) {
        throw new AssertionError("seed " + seed + ", mutation " + i, t);
      }
    }
    assertThat(well).as("seed %d: some must still read", seed).isBetween(1, MUTATIONS - 1);
  }

  @Test
  void leavesNothingWhenNotCommitted() {
    Path path = dir.resolve("half.gguf");
    var spec = new GgufWriter.Spec("t", BlockFormats.F32, new long[] {8});
    try (var w = GgufWriter.create(path, Map.of(), List.of(spec))) {
      w.write(0, 0, MemorySegment.ofArray(new byte[16]));
      assertThatThrownBy(w::commit).isInstanceOf(IllegalStateException.class);
    }
    assertThat(dir.toFile().list()).isEmpty();
    assertBad(
        () -> GgufWriter.create(dir.resolve("no/such/x.gguf"), Map.of(), List.of()),
        "does not exist");
    var huge = new GgufWriter.Spec("t", BlockFormats.F32, new long[] {1L << 50});
    assertBad(() -> GgufWriter.create(path, Map.of(), List.of(huge)), "free");
  }

  @Test
  void accessorsNameTheKey() {
    var m = new GgufMetadata("f.gguf", everyType());
    assertBad(() -> m.u32("nope"), "f.gguf: metadata key nope is missing");
    assertBad(() -> m.u32("text"), "metadata key text: expected a whole number, found STRING");
    assertBad(() -> m.u32("i64"), "from 0 to 2147483647");
    assertBad(() -> m.string("u8"), "expected STRING, found UINT8 200");
    assertBad(() -> m.optionalArray("ints", GgufType.STRING), "ARRAY of STRING");
    assertBad(() -> m.optionalU32OfLayers("ints"), "in layer 0 and 2 in layer 1");
    assertThat(m.u32("u8")).isEqualTo(200);
    assertThat(m.f32("u8")).isEqualTo(200);
  }

  static Map<String, GgufValue> everyType() {
    var m = new LinkedHashMap<String, GgufValue>();
    m.put("general.architecture", GgufValue.of("llama"));
    m.put("text", GgufValue.of("zwölf\n\"x\""));
    m.put("u8", GgufValue.integer(GgufType.UINT8, 200));
    m.put("i8", GgufValue.integer(GgufType.INT8, -3));
    m.put("u16", GgufValue.integer(GgufType.UINT16, 65535));
    m.put("i16", GgufValue.integer(GgufType.INT16, -32768));
    m.put("u32", GgufValue.u32(4_000_000_000L));
    m.put("i32", GgufValue.integer(GgufType.INT32, Integer.MIN_VALUE));
    m.put("u64", GgufValue.integer(GgufType.UINT64, -1));
    m.put("i64", GgufValue.integer(GgufType.INT64, Long.MIN_VALUE));
    m.put("f32", GgufValue.f32(1.5f));
    m.put("f64", GgufValue.f64(Math.PI));
    m.put("bool", GgufValue.of(true));
    m.put("strings", GgufValue.of(GgufArray.ofTexts(List.of("x", "", "Ġthe"))));
    m.put("ints", GgufValue.of(GgufArray.ofInts(1, 2, -3)));
    m.put("floats", GgufValue.of(GgufArray.ofFloats(0.5f, Float.NaN)));
    m.put("bools", GgufValue.of(GgufArray.ofBools(true, false)));
    m.put("empty", GgufValue.of(GgufArray.ofTexts(List.of())));
    var inner = GgufArray.ofArrays(List.of(GgufArray.ofTexts(List.of("a", "ü", ""))));
    m.put(
        "nested",
        GgufValue.of(GgufArray.ofArrays(List.of(GgufArray.ofInts(1), inner, GgufArray.ofInts()))));
    return m;
  }

  static Map<String, Tensor> tinyTensors() {
    var out = new LinkedHashMap<String, Tensor>();
    var random = new Random(1);
    out.put("a.weight", tensor(random, BlockFormats.F32, 3, 5));
    out.put("b.weight", tensor(random, BlockFormats.Q8_0, 2, 64));
    out.put("c.weight", tensor(random, BlockFormats.F16, 2, 3, 4));
    out.put("d.weight", tensor(random, BlockFormats.BF16, 7));
    return out;
  }

  private static Tensor tensor(Random random, org.puna.tensor.quant.BlockFormat f, long... shape) {
    long n = 1;
    for (long s : shape) n *= s;
    byte[] bytes = new byte[(int) f.bytes(n)];
    random.nextBytes(bytes);
    return new Tensor(f, shape, MemorySegment.ofArray(bytes));
  }

  private static Map<String, GgufValue> split(int no, int count, int tensors) {
    var m = new LinkedHashMap<String, GgufValue>();
    m.put("split.no", GgufValue.integer(GgufType.UINT16, no));
    m.put("split.count", GgufValue.integer(GgufType.UINT16, count));
    m.put("split.tensors.count", GgufValue.integer(GgufType.INT32, tensors));
    return m;
  }

  private Path part(int i, int n) {
    return dir.resolve(String.format("m-%05d-of-%05d.gguf", i + 1, n));
  }

  /** A header of version 3 without tensors or keys, and zeros. */
  private static ByteBuffer raw() {
    var b = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    return b.put(0, "GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(4, 3);
  }

  /** One key "k" of a type at offset 33; its value begins at 37. */
  private static ByteBuffer key(int type) {
    return raw().putLong(16, 1).putLong(24, 1).put(32, (byte) 'k').putInt(33, type);
  }

  private static ByteBuffer tensor(long size, int dims, int type, long offset) {
    return info(raw().putLong(8, 1), 24, size, dims, type, offset);
  }

  private static ByteBuffer info(ByteBuffer b, int at, long size, int dims, int type, long offset) {
    return b.putLong(at, 1)
        .put(at + 8, (byte) 't')
        .putInt(at + 9, dims)
        .putLong(at + 13, size)
        .putInt(at + 21, type)
        .putLong(at + 25, offset);
  }

  private void assertBad(ByteBuffer file, String message) throws IOException {
    assertBad(file.array(), message);
  }

  private void assertBad(byte[] file, String message) throws IOException {
    Path path = dir.resolve("bad.gguf");
    Files.write(path, file);
    assertBad(() -> GgufFile.open(path).close(), message);
  }

  private static void assertBad(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  private static void readAll(Path path) {
    try (var f = GgufFile.open(path);
        Arena arena = Arena.ofConfined()) {
      for (GgufValue v : f.metadata().values().values()) {
        assertThat(v.toString()).isNotEmpty();
        if (v.type() == GgufType.ARRAY) walk(v.array());
      }
      for (Tensor t : f.tensors().values()) {
        arena.allocate(1);
        long sum = 0;
        for (long i = 0; i < t.data().byteSize(); i++) {
          sum += t.data().get(ValueLayout.JAVA_BYTE, i);
        }
        assertThat(sum).isGreaterThan(Long.MIN_VALUE);
      }
    }
  }

  private static void walk(GgufArray a) {
    for (int i = 0; i < a.size(); i++) {
      switch (a.element()) {
        case ARRAY -> walk(a.array(i));
        case STRING -> assertThat(a.text(i)).isNotNull();
        default -> assertThat(a.element().bytes()).isPositive();
      }
    }
  }
}
