package org.puna.fleet.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.fleet.Catalogue;
import org.puna.fleet.Inventory;
import org.puna.fleet.InventoryReader;
import org.puna.fleet.estimate.CalibrationFile;
import org.puna.fleet.estimate.IterationModel;

class FleetPageTest {
  private static final Catalogue CHIPS = Catalogue.shipped();
  private static final IterationModel MODEL = new IterationModel(CalibrationFile.cluster(CHIPS));

  private final Inventory announced =
      InventoryReader.read(Path.of("examples/announced-fleet.yaml"), CHIPS);
  private final FleetPage page =
      new FleetPage(announced, CHIPS.get("H100-80GB-SXM", "test"), MODEL);

  @Test
  void aShapeThatIsTooDeepIsRefusedAtOnce() {
    String deep = "layers=100000,hidden=99999,heads=1,ffn=99999";
    assertThat(page.html(Map.of("model", deep, "tokens", "1T")))
        .contains("layers must be a whole number of 1 to 1000");
  }

  @Test
  void showsWhatThereIsAndAForm() {
    String html = page.html(Map.of());
    assertThat(html)
        .startsWith("<!doctype html>")
        .contains("620,000", "593,650", "<form method=\"get\"", "MTIA-v2")
        .doesNotContain("<script", "http://", "https://", "class=\"wrong\"");
  }

  @Test
  void answersWithPlansOnTheChosenGroup() {
    String html =
        page.html(
            Map.of("model", "llama-3.1-405b", "tokens", "15.6T", "group", "1", "gpus", "16384"));
    assertThat(html).contains("GPU-hours", "tp=8", "selected>cluster-roce");
    assertThat(html).doesNotContain("class=\"wrong\"");
  }

  @Test
  void isTheSameInEveryCountry() {
    Map<String, String> q = Map.of("model", "llama-3-8b", "tokens", "1T", "group", "1");
    Locale before = Locale.getDefault();
    String here = page.html(q);
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThat(page.html(q)).isEqualTo(here);
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "nonsense, 1T, 0, 8, named shape",
    "llama-3-8b, -1, 0, 8, tokens: expected a positive amount",
    "llama-3-8b, NaN, 0, 8, tokens: expected a positive amount",
    "llama-3-8b, 1T, 99, 8, group: expected 0 to 7",
    "llama-3-8b, 1T, 0, 1.5, GPUs: expected a whole number",
    "llama-3-8b, 1T, 0, 1e9, GPUs: expected a whole number",
    "llama-3-8b, '', 0, 8, tokens: say how many",
    "llama-3.1-405b, 1T, 0, 8, no layout",
    "../../etc/passwd, 1T, 0, 8, named shape",
  })
  void saysInOneLineWhatIsWrong(
      String model, String tokens, String group, String gpus, String expected) {
    String html = page.html(Map.of("model", model, "tokens", tokens, "group", group, "gpus", gpus));
    assertThat(html).contains("class=\"wrong\"", expected);
  }

  @Test
  void whatWasTypedIsOnlyText() {
    String html = page.html(Map.of("model", "\"><script>alert(1)</script>", "tokens", "<b>"));
    assertThat(html).contains("&lt;script&gt;").doesNotContain("<script", "<b>alert");
    String far = "x".repeat(100_000);
    assertThat(page.html(Map.of("model", far))).contains("at most 400 characters");
    Inventory hostile = new Inventory("<i>", announced.groups(), List.of("<u>"));
    FleetPage other = new FleetPage(hostile, CHIPS.get("H100-80GB-SXM", "test"), MODEL);
    assertThat(other.html(Map.of())).doesNotContain("<i>", "<u>");
  }
}
