package org.puna.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.puna.app.Main;
import org.puna.app.hub.HubSettings;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

class EnvironmentOptionsTest {
  @TempDir private Path home;

  @Command(name = "listen")
  private static final class Listen implements Runnable {
    @Option(names = {"-p", "--port"})
    private int port = 8080;

    @Option(names = "--body-limit", defaultValue = "32M")
    private String bodyLimit = "";

    @Option(names = {"--kv", "--cache-type"})
    private String kv = "f32";

    @Option(names = "--pin", split = ",")
    private List<String> pinned = new ArrayList<>();

    @Option(names = "--no-repack")
    private boolean noRepack;

    @Parameters(arity = "0..*")
    private List<String> models = new ArrayList<>();

    @Override
    public void run() {}
  }

  private static Listen parse(Map<String, String> env, String... args) {
    Listen listen = new Listen();
    new CommandLine(listen)
        .setDefaultValueProvider(new EnvironmentOptions("X_", env))
        .parseArgs(args);
    return listen;
  }

  @Test
  void variablesGiveOptionsAndTheCommandLineWins() {
    Map<String, String> env =
        Map.of(
            "X_PORT", " 9000 ",
            "X_BODY_LIMIT", "1G",
            "X_CACHE_TYPE", "q8_0",
            "X_PIN", "a,b",
            "X_NO_REPACK", "true");
    Listen listen = parse(env);
    assertThat(listen.port).isEqualTo(9000);
    assertThat(listen.bodyLimit).isEqualTo("1G");
    assertThat(listen.kv).isEqualTo("q8_0");
    assertThat(listen.pinned).containsExactly("a", "b");
    assertThat(listen.noRepack).isTrue();
    assertThat(listen.models).isEmpty();
    Listen given = parse(env, "-p", "1", "--pin", "c", "--body-limit=2M", "m");
    assertThat(given.port).isEqualTo(1);
    assertThat(given.pinned).containsExactly("c");
    assertThat(given.bodyLimit).isEqualTo("2M");
    assertThat(given.models).containsExactly("m");
    assertThat(parse(Map.of()).port).isEqualTo(8080);
    assertThat(parse(Map.of()).bodyLimit).isEqualTo("32M");
  }

  @Test
  void argumentsAreApartAtCommasAndUnknownVariablesAreTold() {
    Map<String, String> env = Map.of("X_MODELS", "big=a b.gguf, small.gguf,", "X_PORTS", "1");
    EnvironmentOptions options = new EnvironmentOptions("X_", env);
    assertThat(options.arguments()).containsExactly("big=a b.gguf", "small.gguf");
    assertThat(options.unknown(new CommandLine(new Listen()).getCommandSpec()))
        .containsExactly(
            "X_PORTS: is the variable of no option and changes nothing; did you mean X_PORT?");
  }

  private String serve(Map<String, String> env, int code, String... args) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = Console.of(InputStream.nullInputStream(), new ByteArrayOutputStream(), err);
    Settings none = new Settings(home, false, 1);
    Settings settings =
        new Settings(
            none.home(), none.debug(), none.threads(), HubSettings.DEFAULT, Map.copyOf(env));
    assertThat(Main.run(new Context(console, settings), args)).isEqualTo(code);
    return err.toString(StandardCharsets.UTF_8).strip();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PORT       | many | puna: Invalid value for PUNA_SERVE_PORT: 'many' is not an int (`puna"
            + " serve --help` shows the usage)",
        "PORT       | 70000 | puna: serve: PUNA_SERVE_PORT: expected 0 to 65535, found 70000",
        "DEADLINE   | 0    | puna: PUNA_SERVE_DEADLINE: expected at least 1 second, found 0",
        "BODY_LIMIT | x    | puna: PUNA_SERVE_BODY_LIMIT: expected a size such as 512M or 24G,"
            + " found 'x'",
        "KV         | f8   | puna: PUNA_SERVE_KV: expected one of f32, f16, q8_0, found 'f8'",
        "NO_REPACK  | yes  | puna: Invalid value for PUNA_SERVE_NO_REPACK: 'yes' is not a boolean"
            + " (`puna serve --help` shows the usage)",
        "LOG_FORMAT | xml  | puna: Invalid value for PUNA_SERVE_LOG_FORMAT: expected one of [TEXT,"
            + " JSON] (case-insensitive) but was 'xml' (`puna serve --help` shows the usage)",
        "PIN        | nobody | puna: PUNA_SERVE_PIN: expected one of default, found 'nobody'",
        "HOST       | 0.0.0.0 | puna: serve: 0.0.0.0 can be reached from other machines and no API"
            + " key is set; make one with `puna keys add NAME`, or listen on 127.0.0.1"
      })
  void aBadValueIsOneLineThatNamesTheVariable(String name, String value, String line) {
    assertThat(serve(Map.of("PUNA_SERVE_" + name, value), 2, "serve", "default")).isEqualTo(line);
  }

  @Test
  void theOptionIsNamedWhereTheCommandLineGaveIt() {
    Map<String, String> env = Map.of("PUNA_SERVE_DEADLINE", "5", "PUNA_SERVE_PORT", "x");
    assertThat(serve(env, 2, "serve", "default", "--deadline", "0", "--port", "0"))
        .isEqualTo("puna: --deadline: expected at least 1 second, found 0");
    assertThat(serve(env, 2, "serve", "default", "--port", "y"))
        .startsWith("puna: Invalid value for option '--port': 'y' is not an int");
  }

  @Test
  void onlyTheServersVariablesAreRead() {
    Settings s =
        Settings.from(Map.of("PUNA_SERVE_PORT", "1", "PUNA_SERVE_KV", " ", "PUNA_PORT", "2"), home);
    assertThat(s.serve()).isEqualTo(Map.of("PUNA_SERVE_PORT", "1"));
  }
}
