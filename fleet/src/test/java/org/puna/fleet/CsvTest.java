package org.puna.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.model.config.BadInput;

class CsvTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a,b\n1,x\n",
        "\uFEFFa,b\r\n1,x\r\n",
        "a;b\n1;x\n",
        "a\tb\n1\tx\n",
        "\uFEFF# said by, whom\na;b\r\n1;x\r\n",
        "a,b\n1,x",
        "\n# note; with semicolons\na , b\n 1 , x \n"
      })
  void readsWhatSpreadsheetsSave(String text) {
    List<Csv.Row> rows = Csv.read(new StringReader(text), "t.csv", List.of("a", "b"));
    assertThat(rows).hasSize(1);
    assertThat(rows.getFirst().requiredNumber("a")).isEqualTo(1);
    assertThat(rows.getFirst().required("b")).isEqualTo("x");
  }

  @Test
  void longFilesAreReadPastTheirHead() {
    StringBuilder b = new StringBuilder("a,b\n");
    for (int i = 0; i < 50_000; i++) b.append(i).append(",y\n");
    List<Csv.Row> rows = Csv.read(new StringReader(b.toString()), "t.csv", List.of());
    assertThat(rows).hasSize(50_000);
    assertThat(rows.getLast().requiredNumber("a")).isEqualTo(49_999);
    assertThat(rows.getLast().where()).isEqualTo("t.csv:50001");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a,b;1,'x;2,y;|t.csv:2: a quotation mark is opened here and never closed; ",
        "a,b;1,x;2,'y'z;|t.csv:3: text after a closing quotation mark; ",
        "a,b,a;1,2,3;|t.csv: the column 'a' is there twice; ",
      })
  void malformedTablesAreOneLineWithARemedy(String text, String expected) {
    String csv = text.replace('\'', '"').replace(';', '\n');
    assertThatThrownBy(() -> Csv.read(new StringReader(csv), "t.csv", List.of()))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(expected.replace('\'', '"').strip())
        .hasMessageNotContaining("apache")
        .hasMessageNotContaining("…");
  }

  @Test
  void saysWhatIsNoTable(@TempDir Path folder) throws Exception {
    Path binary = folder.resolve("b.csv");
    Files.write(binary, new byte[] {(byte) 0xC3, 0x28, (byte) 0xFF, 0});
    assertThatThrownBy(() -> Csv.head(binary, "give a table"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("not UTF-8 text");
    assertThatThrownBy(() -> Csv.open(folder.resolve("none.csv"), "give a table"))
        .hasMessageEndingWith("none.csv: no such file; give a table");
    assertThatThrownBy(() -> Csv.read(new StringReader(""), "e.csv", List.of()))
        .hasMessageStartingWith("e.csv: empty");
  }
}
