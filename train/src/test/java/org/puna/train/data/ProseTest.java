package org.puna.train.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What of a book is read aloud. */
class ProseTest {
  private static final String LONG =
      "and they walked on through the wood until the sun went down. ";

  @Test
  void aBookBecomesItsSections() {
    String book =
        """
        # Title: Tales

        ## Author: Nobody

        ## Year: 1900

        -------
        _Translated by A. Person_

        ## THE FOX

        A _hungry_ fox saw some
        grapes , and \u201che\u201d wanted them[12]. %s

        ***

        ![a fox](fox.png)

        | a | b |

        THE VINE

        So he **walked** away -- it\u2019s a pity \u2014 and said no more. %s
        ## THE END
        Short.
        """
            .formatted(LONG.repeat(2), LONG.repeat(2));
    List<Prose.Section> sections = Prose.sections(book);
    assertThat(sections).hasSize(1);
    assertThat(sections.getFirst().title()).isEqualTo("THE FOX");
    assertThat(sections.getFirst().paragraphs()).hasSize(2);
    assertThat(sections.getFirst().text())
        .startsWith("A hungry fox saw some grapes, and \"he\" wanted them. and they")
        .contains("down.\n\nSo he walked away -- it's a pity -- and said no more.");
  }

  @Test
  void whatSurroundsABookIsLeftOut() {
    String book =
        "The licence of this eBook is long and says many things. "
            + LONG.repeat(4)
            + "\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n"
            + "Once there was a cat. "
            + LONG.repeat(4)
            + "\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\nMore licence. "
            + LONG.repeat(4);
    assertThat(Prose.sections(book)).hasSize(1);
    assertThat(Prose.sections(book).getFirst().text()).startsWith("Once there was a cat.");
    assertThat(Prose.sections(book).getFirst().text()).doesNotContain("icence");
  }

  @Test
  void nothingOfNothing() {
    assertThat(Prose.sections("")).isEmpty();
    assertThat(Prose.sections("#\n##\n***\n|\n[Illustration\n")).isEmpty();
  }
}
