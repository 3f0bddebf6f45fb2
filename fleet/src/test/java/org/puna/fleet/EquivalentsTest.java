package org.puna.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.puna.fleet.Equivalents.Basis;

class EquivalentsTest {
  private static final double EXACT = 1e-9;
  private final Catalogue chips = Catalogue.shipped();

  @Test
  void countsByEachBasisSideBySide() {
    Inventory inv =
        InventoryReader.csv(
            "site,chip,count,delivered\na,H100,1000,2024-01-01\nb,A100,1000,2025-01-01\n"
                + "c,MTIA-v2,10,2025-01-01\n",
            "inv.csv",
            chips);
    Equivalents.Report r = Equivalents.of(inv, chips.get("H100", "unit"));
    assertThat(r.total().get(Basis.BF16_PEAK))
        .isCloseTo(1000 + 1000 * 312 / 989.0 + 10 * 177 / 989.0, within(EXACT));
    assertThat(r.total().get(Basis.MEMORY_SIZE)).isCloseTo(2000 + 16, within(EXACT));
    assertThat(r.uncounted().get(Basis.MEASURED_BF16)).isEqualTo(10);
    assertThat(r.timeline()).hasSize(2);
    assertThat(r.timeline().getFirst().total().get(Basis.FP8_PEAK)).isCloseTo(1000, within(EXACT));
  }

  @Test
  void aUnitNeedsEveryFigure() {
    Inventory inv =
        new Inventory(
            "x", List.of(new Inventory.Group("a", chips.get("H100", ""), 8, 8)), List.of());
    assertThatThrownBy(() -> Equivalents.of(inv, chips.get("TPU-v4", "")))
        .hasMessageContaining("choose another unit");
  }

  @Test
  void everyShippedChipHasASource() {
    assertThat(chips.chips()).hasSizeGreaterThan(20);
    assertThat(chips.chips()).allSatisfy(c -> assertThat(c.source()).hasSizeGreaterThan(10));
  }
}
