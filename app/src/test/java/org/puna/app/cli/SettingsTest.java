package org.puna.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.puna.model.config.BadInput;

class SettingsTest {
  private static final Path USER = Path.of("/home/u");

  @Test
  void readsTheEnvironment() {
    Settings none = Settings.from(Map.of(), USER);
    assertThat(none.home()).isEqualTo(USER.resolve(".puna"));
    assertThat(none.debug()).isFalse();
    assertThat(none.threads()).isPositive();
    Settings all =
        Settings.from(Map.of("PUNA_HOME", "/p", "PUNA_DEBUG", "1", "PUNA_THREADS", "3"), USER);
    assertThat(all).isEqualTo(new Settings(Path.of("/p"), true, 3));
    assertThat(all.models()).isEqualTo(Path.of("/p/models"));
  }

  @Test
  void refusesWhatHasNoMeaning() {
    assertThatThrownBy(() -> Settings.from(Map.of("PUNA_THREADS", "many"), USER))
        .isInstanceOf(BadInput.class)
        .hasMessage("PUNA_THREADS: expected a whole number from 1 to 4096, found 'many'");
    assertThatThrownBy(() -> Settings.from(Map.of("PUNA_THREADS", "0"), USER))
        .isInstanceOf(BadInput.class);
  }
}
