package org.puna.checks.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the container image is made of, laid out in a folder, with a program in Puna's place. */
class ImageTest {
  private static final String JAVA = System.getProperty("java.home");
  private static final int SECONDS = 60;

  @TempDir private Path temp;
  private Path home;

  @BeforeEach
  void layImage() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no /bin/bash");
    home = temp.resolve("opt puna");
    Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(home.resolve("lib"));
    try (var all = Files.list(repository().resolve("deploy/image"))) {
      for (Path p : all.toList()) {
        Path copy = Files.copy(p, home.resolve("bin").resolve(p.getFileName()));
        assertThat(copy.toFile().setExecutable(Files.isExecutable(p))).isTrue();
      }
    }
    Path source = temp.resolve("org/puna/app/Main.java");
    Files.createDirectories(source.getParent());
    Files.writeString(
        source,
        """
        package org.puna.app;
        public class Main {
          public static void main(String[] args) throws Exception {
            if (args.length > 0 && args[0].equals("serve")) {
              try (var s = new java.net.ServerSocket(Integer.parseInt(args[3]))) {
                while (true) s.accept().close();
              }
            }
            for (String a : args) System.out.println("arg " + a);
            System.out.println("vectors " + ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
            System.out.println("property " + System.getProperty("given"));
          }
        }
        """);
    run(Map.of(), JAVA + "/bin/javac", "-d", temp + "/classes", source.toString());
    run(Map.of(), JAVA + "/bin/jar", "cf", home + "/lib/b.jar", "-C", temp + "/classes", ".");
    Files.writeString(temp.resolve("note"), "");
    run(Map.of(), JAVA + "/bin/jar", "cf", home + "/lib/a.jar", "-C", temp.toString(), "note");
  }

  private static Path repository() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.exists(at.resolve("puna"))) {
      at = at.getParent();
    }
    return Objects.requireNonNull(at, "no launcher above the working directory");
  }

  /** Runs a command and returns what it printed. */
  private String run(Map<String, String> env, String... command) throws Exception {
    Path out = Files.createTempFile(temp, "out", "");
    Path err = Files.createTempFile(temp, "err", "");
    ProcessBuilder b = new ProcessBuilder(command).redirectOutput(out.toFile());
    b.redirectError(err.toFile());
    b.environment().keySet().removeAll(List.of("JAVA_OPTS", "PUNA_JAVA_OPTS"));
    b.environment().put("PATH", JAVA + "/bin:" + System.getenv("PATH"));
    b.environment().putAll(env);
    Process p = b.start();
    try {
      assertThat(p.waitFor(SECONDS, TimeUnit.SECONDS)).as("ended in time").isTrue();
      assertThat(p.exitValue()).as(Files.readString(err)).isZero();
      return Files.readString(out);
    } finally {
      p.destroyForcibly();
    }
  }

  private void makeClasses() throws Exception {
    int port;
    try (ServerSocket s = new ServerSocket(0)) {
      port = s.getLocalPort();
    }
    run(Map.of("PUNA_MAKE_PORT", "" + port), home + "/bin/make-classes");
  }

  /** Where the program's class came from. */
  private String source(String options, String... more) throws Exception {
    Map<String, String> env = new java.util.HashMap<>();
    env.put("JAVA_OPTS", options + " -Xlog:class+load");
    for (int i = 0; i < more.length; i += 2) env.put(more[i], more[i + 1]);
    String out = run(env, home + "/bin/puna");
    Matcher m = Pattern.compile("org\\.puna\\.app\\.Main source: (.*)").matcher(out);
    assertThat(m.find()).as(out).isTrue();
    return m.group(1);
  }

  @Test
  void startsFromAnArchiveOfClassesWhateverTheSizeOfTheHeap() throws Exception {
    makeClasses();
    assertThat(source("-Xmx64m")).startsWith("shared objects file");
    assertThat(source("-Xmx64m -XX:-UseCompressedOops")).startsWith("shared objects file");
    assertThat(source("-Xmx64m -XX:+UseSerialGC")).startsWith("shared objects file");
    assertThat(source("-Xmx64m -Xshare:auto")).as("the user's own options").startsWith("file:");
    assertThat(source("-Xmx64m", "PUNA_CDS", "off")).startsWith("file:");
  }

  @Test
  void passesArgumentsAndOptionsOnAndStartsWithoutAnArchive() throws Exception {
    makeClasses();
    Files.delete(home.resolve("classes.jsa"));
    String out =
        run(Map.of("JAVA_OPTS", "-Xmx64m -Dgiven=yes"), home + "/bin/puna", "two words", "é");
    assertThat(out).isEqualTo("arg two words\narg é\nvectors true\nproperty yes\n");
    out = run(Map.of("PUNA_JAVA_OPTS", "-Xmx64m -Dgiven=also"), home + "/bin/puna");
    assertThat(out).isEqualTo("vectors true\nproperty also\n");
  }

  /** No container is built here; at least the files that the Dockerfile names are there. */
  @Test
  void theDockerfileNamesFilesThatExist() throws IOException {
    List<String> lines = Files.readAllLines(repository().resolve("deploy/Dockerfile"));
    assertThat(lines).contains("COPY deploy/image /opt/puna/bin");
    for (String name : List.of("make-classes", "puna")) {
      assertThat(String.join("\n", lines)).contains("/opt/puna/bin/" + name);
      assertThat(repository().resolve("deploy/image").resolve(name)).isExecutable();
    }
  }
}
