package org.puna.fleet.sim.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.fleet.sim.FleetSpec;
import org.puna.fleet.sim.PoolSpec;
import org.puna.fleet.sim.Progress;
import org.puna.fleet.sim.SimConfig;
import org.puna.fleet.sim.SimReport;
import org.puna.fleet.sim.Simulation;
import org.puna.fleet.sim.SyntheticMix;
import org.xml.sax.InputSource;

class HtmlReportTest {
  private static final long HOUR = 3_600_000;

  private static SimReport report(String name, long millis) {
    FleetSpec fleet =
        new FleetSpec(name, List.of(new PoolSpec("site", "X", 512, 8, 4, 4, 1, 0, 1)));
    return Simulation.run(
            fleet,
            new SyntheticMix(300, 1.1, millis, 1).generate(fleet),
            SimConfig.defaults(1, Instant.parse("2025-01-01T00:00:00Z"), millis),
            Progress.NONE)
        .report();
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 40, 24 * 20, 24 * 80, 24 * 400, 24 * 3000})
  void isOneWellFormedPageWithoutOutsideResources(long hours) throws Exception {
    String page = HtmlReport.of(report("fleet", hours * HOUR), List.of("one", "two"));
    assertThat(page).doesNotContain("http", "src=", "url(", "<script", "NaN", "Infinity", "null");
    assertThat(page).contains("prefers-color-scheme: dark", "<li>two</li>");
    Matcher svg = Pattern.compile("(?s)<svg.*?</svg>").matcher(page);
    int plots = 0;
    while (svg.find()) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(svg.group())));
      plots++;
    }
    assertThat(plots).isGreaterThan(8);
  }

  @Test
  void namesAreTextAndTheLocaleDoesNotMatter() {
    SimReport r = report("<b>&\"fleet\"", 240 * HOUR);
    String page = HtmlReport.of(r, List.of("<script>alert(1)</script>"));
    assertThat(page).doesNotContain("<b>&", "<script>").contains("&lt;b&gt;&amp;&quot;fleet&quot;");
    Locale locale = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertThat(HtmlReport.of(r, List.of("<script>alert(1)</script>"))).isEqualTo(page);
    } finally {
      Locale.setDefault(locale);
    }
  }

  @Test
  void axesHaveRoundTicks() {
    assertThat(Scale.counts(600_000, 0, 1).ticks().stream().map(Scale.Tick::label))
        .containsExactly("0", "200k", "400k", "600k");
    assertThat(Scale.counts(16, 0, 1).max()).isEqualTo(20);
    assertThat(
            Scale.time(Instant.parse("2025-01-01T00:00:00Z"), 24 * 365, 0, 1).ticks().stream()
                .map(Scale.Tick::label))
        .startsWith("Jan 2025", "Feb")
        .endsWith("Dec", "Jan 2026");
  }
}
