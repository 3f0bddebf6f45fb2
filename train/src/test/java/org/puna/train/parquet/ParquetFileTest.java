package org.puna.train.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.model.config.BadInput;
import org.puna.train.data.Corpus;
import org.puna.train.data.Document;
import org.puna.train.tune.Conversations;
import tools.jackson.databind.JsonNode;

/** Files that three other programs wrote; see the README beside them. */
class ParquetFileTest {
  private static final int ROWS = 2500;

  /** Bytes of a 32-bit length. */
  private static final int WORD = 4;

  @TempDir private Path dir = Path.of("");

  private static Path file(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(ParquetFileTest.class.getResource("/parquet/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What {@code make.mjs} writes into a row. */
  private static @Nullable String text(int i) {
    if (i % 7 == 3) return null;
    if (i % 5 == 0) return "The same words again.";
    return "Tale " + i + " of a fox — " + "är 🦊 ".repeat(i % 4) + "end";
  }

  private static List<JsonNode> rows(Path path, String... columns) {
    List<JsonNode> rows = new ArrayList<>();
    try (ParquetFile f = ParquetFile.open(path)) {
      f.read(
          Set.of(columns),
          (n, row) -> {
            assertThat(n).isEqualTo(rows.size());
            rows.add(row);
          });
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({
    "duckdb-snappy.parquet, 2500",
    "duckdb-zstd.parquet, 2500",
    "duckdb-gzip.parquet, 2500",
    "duckdb-lz4_raw.parquet, 2500",
    "duckdb-uncompressed.parquet, 300",
    "duckdb-v2.parquet, 2500",
    "rust-delta-v2.parquet, 2500",
    "rust-plain-v1.parquet, 2500",
    "rust-dictionary-v2.parquet, 2500"
  })
  void readsWhatOtherProgramsWrote(String name, int count) {
    List<JsonNode> rows = rows(file(name), "id", "text", "no such column");
    assertThat(rows).hasSize(count);
    for (int i = 0; i < count; i++) {
      assertThat(rows.get(i).get("id").intValue()).isEqualTo(i);
      assertThat(rows.get(i).path("text").stringValue(null)).isEqualTo(text(i));
      assertThat(rows.get(i).has("score")).isFalse();
    }
  }

  @Test
  void theseFilesHaveEveryKindOfPage() throws IOException {
    Set<Encoding> encodings = EnumSet.noneOf(Encoding.class);
    Set<CompressionCodec> codecs = EnumSet.noneOf(CompressionCodec.class);
    int mostGroups = 0;
    try (var all = Files.list(file("numbers.parquet").getParent())) {
      for (Path p : all.filter(f -> f.toString().endsWith(".parquet")).toList()) {
        FileMetaData m = footer(Files.readAllBytes(p));
        mostGroups = Math.max(mostGroups, m.getRow_groupsSize());
        for (var g : m.getRow_groups()) {
          for (var c : g.getColumns()) {
            if (!c.getMeta_data().getPath_in_schema().equals(List.of("text"))) continue;
            encodings.addAll(c.getMeta_data().getEncodings());
            codecs.add(c.getMeta_data().getCodec());
          }
        }
      }
    }
    assertThat(encodings)
        .contains(
            Encoding.PLAIN,
            Encoding.RLE_DICTIONARY,
            Encoding.DELTA_BYTE_ARRAY,
            Encoding.DELTA_LENGTH_BYTE_ARRAY);
    assertThat(codecs)
        .contains(
            CompressionCodec.SNAPPY,
            CompressionCodec.ZSTD,
            CompressionCodec.GZIP,
            CompressionCodec.LZ4_RAW,
            CompressionCodec.UNCOMPRESSED);
    assertThat(mostGroups).isGreaterThan(5);
  }

  private static FileMetaData footer(byte[] file) throws IOException {
    int length = word(file, file.length - 2 * WORD);
    return Util.readFileMetaData(
        new ByteArrayInputStream(file, file.length - 2 * WORD - length, length));
  }

  private static int word(byte[] b, int at) {
    return (b[at] & 255) | (b[at + 1] & 255) << 8 | (b[at + 2] & 255) << 16 | b[at + 3] << 24;
  }

  @Test
  void aCorpusTakesTheColumnOfTexts() throws IOException {
    Files.copy(file("duckdb-uncompressed.parquet"), dir.resolve("a.parquet"));
    Files.copy(file("javascript.parquet"), dir.resolve("b.parquet"));
    Files.writeString(dir.resolve("c.jsonl"), "{\"text\":\"last\"}\n");
    List<Document> found = new ArrayList<>();
    Corpus.read(Corpus.files(List.of(dir)), found::add);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 300; i++) Optional.ofNullable(text(i)).ifPresent(expected::add);
    for (int i = 0; i < ROWS; i++) Optional.ofNullable(text(i)).ifPresent(expected::add);
    expected.add("last");
    assertThat(found).extracting(Document::text).isEqualTo(expected);
    assertThat(found.getFirst().source()).isEqualTo(dir.resolve("a.parquet") + "[0]");
  }

  @Test
  void otherColumnsAreNamedOrRefused() throws IOException {
    List<Document> found = new ArrayList<>();
    Path pairs = file("pairs.parquet");
    Corpus.read(List.of(pairs), false, Optional.of("chosen"), found::add);
    assertThat(found).extracting(Document::text).containsExactly("You are.");
    assertThatThrownBy(() -> Corpus.read(List.of(pairs), found::add))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("\"text\" or \"content\", found question, chosen, rejected; name");
    assertThatThrownBy(() -> Corpus.read(List.of(file("numbers.parquet")), found::add))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("column \"text\": expected texts, found INT32; name");
    assertThatThrownBy(
            () -> Corpus.read(List.of(pairs), false, Optional.of("rejected"), found::add))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("a list or structure");
    Path lines = Files.writeString(dir.resolve("a.jsonl"), "{\"story\":\"one\"}\n");
    found.clear();
    Corpus.read(List.of(lines), false, Optional.of("story"), found::add);
    assertThat(found).extracting(Document::text).containsExactly("one");
    assertThatThrownBy(() -> Corpus.read(List.of(lines), found::add))
        .hasMessageContaining("name the field of texts so");
  }

  @Test
  void conversationsAreRowsToo() {
    var chats = Conversations.read(List.of(file("messages.parquet"), file("instructions.parquet")));
    assertThat(chats).hasSize(3);
    assertThat(chats.get(0).messages().toString())
        .isEqualTo("[{role=user, content=Who?}, {role=assistant, content=A fox.}]");
    assertThat(chats.get(1).messages()).hasSize(3);
    assertThat(chats.get(2).messages().toString())
        .isEqualTo("[{role=user, content=Name a colour.}, {role=assistant, content=Red.}]");
    var pair = Conversations.pairs(List.of(file("pairs.parquet"))).getFirst();
    assertThat(List.of(pair.chosen(), pair.rejected())).containsExactly("You are.", "No idea.");
    assertThatThrownBy(() -> Conversations.read(List.of(file("numbers.parquet"))))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("numbers.parquet: expected \"messages\"");
  }

  @Test
  void anUnknownCodecIsNamed() {
    assertThatThrownBy(() -> rows(file("duckdb-brotli.parquet"), "text"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("duckdb-brotli.parquet: compressed with BROTLI; expected snappy");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rust-delta-v2.parquet", "duckdb-zstd.parquet", "messages.parquet"})
  void aTruncatedFileIsOneLine(String name) throws IOException {
    byte[] whole = Files.readAllBytes(file(name));
    int step = Math.max(1, whole.length / 100);
    for (int n = 0; n < whole.length; n += step) {
      Path cut = Files.write(dir.resolve("cut.parquet"), Arrays.copyOf(whole, n));
      assertThatThrownBy(() -> rows(cut, "text", "messages"))
          .isInstanceOf(BadInput.class)
          .message()
          .contains("cut.parquet")
          .doesNotContain("\n");
    }
  }

  /** Bytes that are changed give other texts, or one line: nothing else. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "rust-delta-v2.parquet",
        "rust-dictionary-v2.parquet",
        "duckdb-uncompressed.parquet",
        "duckdb-snappy.parquet",
        "duckdb-zstd.parquet",
        "duckdb-gzip.parquet",
        "messages.parquet"
      })
  void aDamagedFileIsOneLine(String name) throws IOException {
    byte[] whole = Files.readAllBytes(file(name));
    Random random = new Random(7);
    int refused = 0;
    for (int k = 0; k < 300; k++) {
      byte[] damaged = whole.clone();
      // Every other change hits the footer and what is before it.
      int from = k % 2 == 0 ? 0 : Math.max(0, whole.length - 600);
      int at = from + random.nextInt(whole.length - from);
      damaged[at] = (byte) random.nextInt();
      Path path = Files.write(dir.resolve("damaged.parquet"), damaged);
      try {
        rows(path, "text", "messages");
      } catch (BadInput e) {
        refused++;
        assertThat(e.getMessage()).contains("damaged.parquet").doesNotContain("\n");
      }
    }
    assertThat(refused).isPositive();
  }

  /** A file of one row group and as many pages as there are texts, one of them lying. */
  private Path pages(int pages, int lying, PageHeader lie) throws IOException {
    FileMetaData m = footer(Files.readAllBytes(file("duckdb-uncompressed.parquet")));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("PAR1".getBytes(StandardCharsets.US_ASCII));
    for (int p = 0; p < pages; p++) {
      byte[] utf8 = ("page " + p).getBytes(StandardCharsets.UTF_8);
      ByteArrayOutputStream page = new ByteArrayOutputStream();
      // Definition levels: a length of 2, then a run of one value 1.
      page.writeBytes(new byte[] {2, 0, 0, 0, 2, 1});
      page.writeBytes(new byte[] {(byte) utf8.length, 0, 0, 0});
      page.writeBytes(utf8);
      Util.writePageHeader(p == lying ? lie : header(page.size(), 1), out);
      page.writeTo(out);
    }
    var group = m.getRow_groups().getFirst();
    var chunk = group.getColumns().get(1).getMeta_data();
    chunk.setNum_values(pages).setData_page_offset(WORD).setDictionary_page_offset(0);
    chunk.setTotal_compressed_size(out.size() - WORD);
    group.setNum_rows(pages);
    m.setRow_groups(List.of(group));
    int begin = out.size();
    Util.writeFileMetaData(m, out);
    int length = out.size() - begin;
    out.writeBytes(new byte[] {(byte) length, (byte) (length >> 8), 0, 0, 'P', 'A', 'R', '1'});
    return Files.write(dir.resolve("pages.parquet"), out.toByteArray());
  }

  private static PageHeader header(int bytes, int values) {
    PageHeader h = new PageHeader(PageType.DATA_PAGE, bytes, bytes);
    h.setData_page_header(new DataPageHeader(values, Encoding.PLAIN, Encoding.RLE, Encoding.RLE));
    return h;
  }

  @Test
  void onePageIsReadAtATime() throws IOException {
    assertThat(rows(pages(50, -1, header(0, 0)), "text")).hasSize(50);
    Path path = pages(50, 40, header(Integer.MAX_VALUE, 1));
    List<String> seen = new ArrayList<>();
    try (ParquetFile f = ParquetFile.open(path)) {
      assertThatThrownBy(
              () -> f.read(Set.of("text"), (_, row) -> seen.add(row.get("text").stringValue())))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("a page of 2147483647 bytes");
    }
    // What comes before the bad page in the same row group has been handed on.
    assertThat(seen).hasSizeBetween(38, 40).startsWith("page 0", "page 1");
  }

  @Test
  void countsThatLieAreRefused() throws IOException {
    for (int values : new int[] {-1, 7, Integer.MAX_VALUE}) {
      Path path = pages(3, 1, header(16, values));
      assertThatThrownBy(() -> rows(path, "text"))
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("damaged");
    }
  }
}
