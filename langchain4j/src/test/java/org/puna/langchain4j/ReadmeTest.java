package org.puna.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.puna.fixtures.Fixtures;

/** The example that the README shows is the one that is compiled here. */
class ReadmeTest {
  @Test
  void theReadmeShowsTheExampleAsItIs() throws IOException {
    Path root = Path.of("").toAbsolutePath().getParent();
    String source =
        Files.readString(
            root.resolve("langchain4j/src/test/java/org/puna/langchain4j/Example.java"));
    String example = between(source, "// README:", "// README end");
    String readme = Files.readString(root.resolve("README.md"));
    assertThat(lines(readme)).containsSubsequence(lines(example));
    assertThat(lines(example)).hasSizeLessThanOrEqualTo(10);
  }

  @Test
  void theExampleRuns() {
    Path model = Fixtures.path("gguf/tiny-f32.gguf");
    assertThat(Example.answer(model)).isNotNull();
  }

  private static String between(String s, String from, String to) {
    int at = s.indexOf('\n', s.indexOf(from));
    return s.substring(at + 1, s.indexOf(to));
  }

  private static List<String> lines(String s) {
    return s.lines().map(String::strip).filter(l -> !l.isEmpty()).collect(Collectors.toList());
  }
}
