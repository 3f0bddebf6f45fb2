package org.puna.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.LocalDate;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.fleet.estimate.Machine;
import org.puna.model.config.BadInput;

class InventoryReaderTest {
  private static final Catalogue CHIPS = Catalogue.shipped();

  private static final String TWO_SITES =
      """
      name: Two sites
      assumptions:
        - rented chips are not counted
      accelerators:
        - name: X1
          bf16: 1.5 PFLOP/s
          memory: 141 GB
          bandwidth: 4800 GB/s
          source: a letter
      sites:
        - site: east
          power_price: 60 USD/MWh
          pue: 1.1
          chips:
            - chip: H100
              count: 24_576
              delivered: 2024-03
              scale_out: 400 Gbit/s
            - chip: X1
              count: 16
              power_price: 0.09 USD/kWh
        - site: west
          chips:
            - chip: A100-80GB-SXM
              count: 16000
              rent: 1.5 USD/h
      """;

  @Test
  void readsSitesWithInheritedKeysAndOwnChips() {
    Inventory inv = InventoryReader.yaml(TWO_SITES, "inv.yaml", CHIPS);
    assertThat(inv.chips()).isEqualTo(24_576 + 16 + 16_000);
    Inventory.Group h100 = inv.groups().get(0);
    assertThat(h100.chip().name()).isEqualTo("H100-80GB-SXM");
    assertThat(h100.scaleOutGBps()).isEqualTo(OptionalDouble.of(50));
    assertThat(h100.powerPriceUsdPerKwh().orElseThrow()).isCloseTo(0.06, within(1e-12));
    assertThat(h100.delivered()).contains(LocalDate.of(2024, 3, 1));
    Inventory.Group own = inv.groups().get(1);
    assertThat(own.chip().bf16Tflops()).isEqualTo(1500);
    assertThat(own.chip().bandwidthTbps()).isCloseTo(4.8, within(1e-12));
    assertThat(own.powerPriceUsdPerKwh()).isEqualTo(OptionalDouble.of(0.09));
    assertThat(inv.deliveredBy(LocalDate.of(2024, 2, 1))).hasSize(2);
  }

  @Test
  void readsCsvWithUnitsInTheHeaderOrTheCell() {
    String csv =
        """
        site,chip,count,rent [USD/h],scale_out
        east,H100-80GB-SXM,1024,2.5,50 GB/s
        west,MI300X,8,,
        """;
    Inventory inv = InventoryReader.csv(csv, "inv.csv", CHIPS);
    assertThat(inv.groups().get(0).rentUsdPerHour()).isEqualTo(OptionalDouble.of(2.5));
    assertThat(inv.groups().get(1).rentUsdPerHour()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "power_price: 60 USD/MWh|power_price: 0.06|inv.yaml:12: power_price: the unit is missing",
        "count: 16000|count: -5|inv.yaml:25: count must not be negative, found -5",
        "count: 16000|count: many|inv.yaml:25: count must be a whole number",
        "chip: A100-80GB-SXM|chip: Z9|inv.yaml:24: chip: unknown chip \"Z9\"",
        "rent: 1.5 USD/h|rent: 1.5 USD|inv.yaml:26: rent: unknown unit \"USD\"",
        "rent: 1.5 USD/h|rent: -1 USD/h|inv.yaml:26: rent: must not be negative",
        "pue: 1.1|pue: 0.4|inv.yaml:13: pue must be a number of at least 1",
        "delivered: 2024-03|delivered: soon|inv.yaml:17: delivered must be a day",
        "site: west|sit: west|inv.yaml:22: unknown key \"sit\"",
        "bf16: 1.5 PFLOP/s|note: x|inv.yaml:6: unknown key \"note\"",
      })
  void saysWhereAMistakeIsAndWhatToDo(String from, String to, String expected) {
    assertThatThrownBy(() -> InventoryReader.yaml(TWO_SITES.replace(from, to), "inv.yaml", CHIPS))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(expected)
        .hasMessageContaining(";")
        .hasMessageNotContaining("\n");
  }

  @Test
  void portsOfAServerAreRead() {
    Inventory inventory =
        InventoryReader.csv("site,chip,count,ports\na,A100,8,4\nb,A100,8,\n", "inv.csv", CHIPS);
    assertThat(inventory.groups().getFirst().ports()).hasValue(4);
    assertThat(inventory.groups().getLast().ports()).isEmpty();
    assertThatThrownBy(
            () -> InventoryReader.csv("site,chip,count,ports\na,A100,8,0\n", "inv.csv", CHIPS))
        .hasMessageStartingWith("inv.csv:2: ports must");
  }

  @Test
  void bitsAndBytesDifferByCase() {
    Quantity q = Quantity.BANDWIDTH_GBPS;
    for (String bits :
        new String[] {"400 Gb/s", "400 Gbps", "400 Gbit/s", "400 gbit/s", "0.4Tb/s"}) {
      assertThat(q.parse(bits, "x")).as(bits).isCloseTo(50, within(1e-12));
    }
    assertThat(q.parse("400 GB/s", "x")).isEqualTo(400);
    assertThat(Quantity.BANDWIDTH_TBPS.parse("8 Tb/s", "x")).isEqualTo(1);
    assertThat(Quantity.POWER_W.parse("1 MW", "x")).isEqualTo(1e6);
    assertThat(Quantity.POWER_W.parse("1 kw", "x")).isEqualTo(1000);
    for (String open : new String[] {"400 gb/s", "400 GB/S", "400 gbps", "1 tb/s"}) {
      assertThatThrownBy(() -> q.parse(open, "inv.yaml:3: scale_out"))
          .as(open)
          .isInstanceOf(BadInput.class)
          .hasMessageStartingWith("inv.yaml:3: scale_out: ")
          .hasMessageContaining(" may be ");
    }
    assertThatThrownBy(() -> Quantity.MEMORY_GB.parse("80 gb", "x"))
        .hasMessage("x: \"gb\" may be GB or Gb, which differ; write it in that case");
    assertThatThrownBy(() -> Quantity.POWER_W.parse("1 mw", "x")).isNotNull();
  }

  @Test
  void commasOnlyGroupThreeDigits() {
    assertThat(Quantity.USD.parse("1,234,567.5 USD", "x")).isEqualTo(1_234_567.5);
    assertThat(Amount.parse("1,500", "x")).isEqualTo(1500);
    assertThat(Amount.parse("15.6T", "x")).isEqualTo(15.6e12);
    for (String wrong : new String[] {"2,50", "1,5", "12,34,567", "1,0000", "1,000,5", ",500"}) {
      assertThatThrownBy(() -> Amount.parse(wrong + "T", "--tokens"))
          .as(wrong)
          .isInstanceOf(BadInput.class)
          .hasMessageContaining("write a decimal point (2.50)");
    }
    assertThatThrownBy(() -> Quantity.USD_PER_HOUR.parse("2,50 USD/h", "inv.yaml:26: rent"))
        .hasMessageStartingWith("inv.yaml:26: rent: \"2,50\" has a comma");
    for (String csv :
        new String[] {
          "site,chip,count\na,H100,\"1,5\"\n",
          "site;chip;count;rent [USD/h]\na;H100;8;2,50\n",
          "site;chip;count;pue\na;H100;8;1,1\n"
        }) {
      assertThatThrownBy(() -> InventoryReader.csv(csv, "inv.csv", CHIPS))
          .isInstanceOf(BadInput.class)
          .hasMessageStartingWith("inv.csv:2: ")
          .hasMessageContaining("decimal point");
    }
  }

  @Test
  void aStatedServerIsTaken() {
    Inventory inv =
        InventoryReader.csv("site,chip,count,node\na,H100,64,4\nb,H100,64,\n", "inv.csv", CHIPS);
    assertThat(Machine.of(inv.groups().getFirst()).nodeChips()).isEqualTo(4);
    assertThat(Machine.of(inv.groups().getLast()).nodeChips()).isEqualTo(8);
  }

  @Test
  void csvMistakesNameTheLine() {
    assertThatThrownBy(
            () -> InventoryReader.csv("site,chip,count\na,H100,8\nb,H100,-8\n", "inv.csv", CHIPS))
        .hasMessageStartingWith("inv.csv:3: count must not be negative");
    assertThatThrownBy(() -> InventoryReader.csv("site,chip,count\na,H100\n", "inv.csv", CHIPS))
        .hasMessageStartingWith("inv.csv:2: 2 cells but the header has 3");
  }

  @Test
  void brokenYamlSaysWhatIsWrong() {
    assertThatThrownBy(
            () -> InventoryReader.yaml("name: x\nsites\n  - site: a\n", "bad.yaml", CHIPS))
        .isInstanceOf(BadInput.class)
        .hasMessageMatching("bad\\.yaml:[23]: not YAML: [^…]*expected[^…]*; check .*");
  }

  @Test
  void columnsOfOneNameAreRefused() {
    String csv = "site,chip,count,rent,rent [USD/h]\na,H100,8,2 USD/h,3\n";
    assertThatThrownBy(() -> InventoryReader.csv(csv, "inv.csv", CHIPS))
        .hasMessage("inv.csv:1: the column rent is there twice; keep one of them");
  }

  @Test
  void hostileYamlIsOneLine() {
    for (String text :
        new String[] {
          "", "[", "a: &a [*a]", "sites: 3", "sites:\n  - site: a", "- - - - -", "[".repeat(5000)
        }) {
      assertThatThrownBy(() -> InventoryReader.yaml(text, "bad.yaml", CHIPS))
          .isInstanceOf(BadInput.class)
          .hasMessageNotContaining("\n");
    }
  }
}
