package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.puna.model.config.BadInput;

class StopStringsTest {
  @Test
  void holdsBackWhatMayBeginAStop() {
    StopStrings s = new StopStrings(List.of("</end>", "###"));
    assertThat(s.add("a <")).isEqualTo("a ");
    assertThat(s.add("/e")).isEmpty();
    assertThat(s.add("x #")).isEqualTo("</ex ");
    assertThat(s.add("##tail")).isEmpty();
    assertThat(s.found()).contains("###");
    assertThat(s.add("more")).isEmpty();
    assertThat(s.finish()).isEmpty();
  }

  @Test
  void givesBackAtTheEndWhatWasNoStop() {
    StopStrings s = new StopStrings(List.of("stop"));
    assertThat(s.add("non-sto")).isEqualTo("non-");
    assertThat(s.finish()).isEqualTo("sto");
    assertThat(s.found()).isEmpty();
  }

  @Test
  void refusesAnEmptyStop() {
    assertThatThrownBy(() -> new StopStrings(List.of(""))).isInstanceOf(BadInput.class);
  }

  /** However a text is cut, what comes out is the text before the first stop in it. */
  @Property
  void cutsDoNotMatter(
      @ForAll @Size(max = 12)
          List<@StringLength(max = 4) @CharRange(from = 'a', to = 'c') String> pieces,
      @ForAll @Size(min = 1, max = 3)
          List<@StringLength(min = 1, max = 4) @CharRange(from = 'a', to = 'c') String> stops) {
    StopStrings s = new StopStrings(stops);
    StringBuilder out = new StringBuilder();
    StringBuilder given = new StringBuilder();
    for (String p : pieces) {
      out.append(s.add(p));
      given.append(p);
      if (s.found().isPresent()) break;
    }
    out.append(s.finish());
    String text = given.toString();
    int first =
        stops.stream().mapToInt(text::indexOf).filter(i -> i >= 0).min().orElse(text.length());
    assertThat(out.toString()).isEqualTo(text.substring(0, first));
    assertThat(s.found().isPresent()).isEqualTo(first < text.length());
  }
}
