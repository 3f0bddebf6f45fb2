package org.puna.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.model.config.BadInput;

class DataTest {
  @TempDir private Path dir = Path.of("");

  private TokenFile file(int vocab, int... ids) throws IOException {
    Path p = dir.resolve("x.tokens");
    try (var w = new TokenFile.Writer(p, vocab)) {
      w.write(ids);
      w.commit();
    }
    return TokenFile.open(p);
  }

  @Test
  void tokensComeBackInBothWidths() throws IOException {
    try (TokenFile f = file(60_000, 1, 59_999, 40_000)) {
      assertThat(f.size()).isEqualTo(3);
      assertThat(f.get(1)).isEqualTo(59_999);
    }
    try (TokenFile f = file(200_000, 1, 199_999)) {
      assertThat(f.get(1)).isEqualTo(199_999);
    }
  }

  @Test
  void damageIsFound() throws IOException {
    file(100, 1, 2, 3).close();
    Path p = dir.resolve("x.tokens");
    byte[] b = Files.readAllBytes(p);
    b[b.length - 1] ^= 4;
    Files.write(p, b);
    assertThatThrownBy(() -> TokenFile.open(p)).hasMessageContaining("checksum");
    Files.write(p, java.util.Arrays.copyOf(b, b.length - 2));
    assertThatThrownBy(() -> TokenFile.open(p)).hasMessageContaining("cut off");
    Files.writeString(p, "hello");
    assertThatThrownBy(() -> TokenFile.open(p)).hasMessageContaining("another kind");
  }

  @Test
  void windowsHoldDocumentsApart() throws IOException {
    // 9 begins a document.
    try (var w = new Windows(file(10, 9, 1, 2, 9, 3, 4, 5), OptionalInt.of(9), 1, 1, 6, 0)) {
      MicroBatch b = w.step(0).getFirst();
      assertThat(b.rows().ids()).containsExactly(9, 1, 2, 9, 3, 4);
      assertThat(b.rows().bounds()).containsExactly(0, 3, 6);
      // Nobody is asked to guess that a document begins after 2.
      assertThat(b.rows().outputs()).containsExactly(0, 1, 3, 4, 5);
      assertThat(b.targets()).containsExactly(1, 2, 3, 4, 5);
    }
  }

  @Test
  void anEpochReadsEveryWindowOnceInASeededOrder() throws IOException {
    int[] ids = new int[101];
    for (int i = 0; i < ids.length; i++) ids[i] = i;
    List<List<Integer>> orders = new ArrayList<>();
    for (long seed : new long[] {1, 1, 2}) {
      try (var w = new Windows(file(200, ids), OptionalInt.empty(), 4, 3, 10, seed)) {
        List<Integer> order = new ArrayList<>();
        for (int step = 0; step < 5; step++) {
          for (MicroBatch b : w.step(step)) {
            for (int s = 0; s < b.rows().sequences(); s++) {
              order.add(b.rows().ids()[b.rows().bounds()[s]]);
            }
          }
        }
        assertThat(new HashSet<>(order.subList(0, 10))).hasSize(10);
        assertThat(new HashSet<>(order.subList(10, 20))).hasSize(10);
        orders.add(order);
      }
    }
    assertThat(orders.get(0)).isEqualTo(orders.get(1)).isNotEqualTo(orders.get(2));
    assertThat(orders.get(0).subList(0, 10)).isNotEqualTo(orders.get(0).subList(10, 20));
  }

  @Test
  void tooFewTokensAreRefused() throws IOException {
    TokenFile f = file(10, 1, 2, 3);
    assertThatThrownBy(() -> new Windows(f, OptionalInt.empty(), 1, 1, 8, 0))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("windows of 8");
    f.close();
  }

  @Test
  void duplicates() {
    String text = "once upon a time there was a king who had three daughters and no sons at all ";
    String other = "the fox and the grapes is a fable about wanting what one cannot have anyway ";
    var near = new Duplicates(Duplicates.Kind.NEAR, 0.7);
    assertThat(near.isNew(text.repeat(5))).isTrue();
    assertThat(near.isNew(text.repeat(5) + "the end")).isFalse();
    assertThat(near.isNew(other.repeat(5))).isTrue();
    var exact = new Duplicates(Duplicates.Kind.EXACT, 0);
    assertThat(exact.isNew("a  b\n")).isTrue();
    assertThat(exact.isNew("a b")).isFalse();
    assertThat(exact.isNew("a b c")).isTrue();
    var none = new Duplicates(Duplicates.Kind.NONE, 0);
    assertThat(none.isNew("a")).isTrue();
    assertThat(none.isNew("a")).isTrue();
  }

  @Test
  void corpusReadsTextAndLines() throws IOException {
    Files.writeString(dir.resolve("a.md"), "# One\n");
    Files.writeString(dir.resolve("b.jsonl"), "{\"text\":\"two\"}\n\n{\"content\":\"three\"}\n");
    Files.writeString(dir.resolve("c.png"), "no");
    Files.writeString(dir.resolve("d.txt"), "  \n");
    List<String> texts = new ArrayList<>();
    Corpus.read(Corpus.files(List.of(dir)), d -> texts.add(d.text()));
    assertThat(texts).containsExactly("# One\n", "two", "three");
    Files.writeString(dir.resolve("b.jsonl"), "{\"txt\":\"two\"}\n");
    assertThatThrownBy(() -> Corpus.read(Corpus.files(List.of(dir)), _ -> {}))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("b.jsonl:1");
    assertThatThrownBy(() -> Corpus.files(List.of(dir.resolve("zzz"))))
        .hasMessageContaining("no such file or folder");
    Path empty = Files.createDirectory(dir.resolve("empty"));
    assertThatThrownBy(() -> Corpus.files(List.of(empty)))
        .hasMessageStartingWith(empty + ": no .txt");
    assertThat(Set.of(Corpus.files(List.of(dir.resolve("a.md"))))).hasSize(1);
  }

  @Test
  void aByteOrderMarkIsNoTextAndOtherEncodingsAreRefused() throws IOException {
    Files.writeString(dir.resolve("a.txt"), "\uFEFFone");
    Files.writeString(dir.resolve("b.jsonl"), "\uFEFF{\"text\":\"two\"}\n");
    List<String> texts = new ArrayList<>();
    Corpus.read(Corpus.files(List.of(dir)), d -> texts.add(d.text()));
    assertThat(texts).containsExactly("one", "two");
    Path latin = Files.write(dir.resolve("c.md"), new byte[] {'c', 'a', 'f', (byte) 0xe9});
    assertThatThrownBy(() -> Corpus.read(List.of(latin), _ -> {}))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("c.md: expected UTF-8 text");
  }
}
