package org.puna.checks.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a folder with a space, its Maven replaced by a script that notes each call. */
class LauncherTest {
  private static final String JAVA = System.getProperty("java.home");
  private static final int SECONDS = 60;

  @TempDir private Path temp;
  private Path project;
  private Path bin;

  @BeforeEach
  void layProject() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no /bin/bash");
    project = Files.createDirectories(temp.resolve("a project"));
    Files.copy(repository().resolve("puna"), project.resolve("puna"));
    assertThat(project.resolve("puna").toFile().setExecutable(true)).isTrue();
    Files.createDirectories(project.resolve("app/src/main/java"));
    Files.writeString(project.resolve("pom.xml"), "<project/>");
    Files.writeString(project.resolve("app/pom.xml"), "<project/>");
    Files.writeString(source(), "class A {}");
    makeOld();
    compileMain();
    bin = Files.createDirectories(temp.resolve("bin"));
    mvn("");
  }

  /** JUnit would print a line for every link that it deletes. */
  @AfterEach
  void unlink() throws IOException {
    try (var all = Files.walk(temp)) {
      for (Path p : all.filter(Files::isSymbolicLink).toList()) {
        Files.delete(p);
      }
    }
  }

  private Path source() {
    return project.resolve("app/src/main/java/A.java");
  }

  /** Makes all sources an hour old, so that a stamp of now is newer even on coarse clocks. */
  private void makeOld() throws IOException {
    FileTime hourAgo = FileTime.from(Instant.now().minusSeconds(3600));
    try (var all = Files.walk(project)) {
      for (Path p : all.toList()) {
        Files.setLastModifiedTime(p, hourAgo);
      }
    }
  }

  /** A program in place of Puna: prints its arguments and what the launcher told it. */
  private void compileMain() throws Exception {
    Path source = temp.resolve("org/puna/app/Main.java");
    Files.createDirectories(source.getParent());
    Files.writeString(
        source,
        """
        package org.puna.app;
        public class Main {
          public static void main(String[] args) {
            for (String a : args) System.out.println("arg " + a);
            System.out.println("terminals " + System.getProperty("puna.terminals"));
            System.out.println("vectors " + ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
            System.exit(args.length);
          }
        }
        """);
    run(temp, Map.of(), JAVA + "/bin/javac", "-d", temp + "/classes", source.toString());
    run(temp, Map.of(), JAVA + "/bin/jar", "cf", temp + "/main.jar", "-C", temp + "/classes", ".");
  }

  private void mvn(String behaviour) throws IOException {
    Path mvn = bin.resolve("mvn");
    Files.writeString(
        mvn,
        """
        #!/bin/bash
        echo call >>'%1$s/calls'
        echo "$JAVA_HOME" >>'%1$s/java'
        %2$s
        mkdir -p app/target/launcher/lib && cp '%1$s/main.jar' app/target/launcher/lib/
        """
            .formatted(temp, behaviour));
    assertThat(mvn.toFile().setExecutable(true)).isTrue();
  }

  private int calls() throws IOException {
    Path calls = temp.resolve("calls");
    return Files.exists(calls) ? Files.readAllLines(calls).size() : 0;
  }

  /** What a process did. */
  private record Done(int code, String out, String err) {}

  private Done puna(String... args) throws Exception {
    return puna(Map.of(), args);
  }

  private Done puna(Map<String, String> env, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(project.resolve("puna").toString()));
    command.addAll(List.of(args));
    return run(temp, environment(env), command.toArray(String[]::new));
  }

  private Map<String, String> environment(Map<String, String> more) {
    Map<String, String> env = new java.util.HashMap<>();
    env.put("PUNA_JAVA_HOME", JAVA);
    env.put("PUNA_CDS", "off");
    env.put("PATH", bin + ":" + System.getenv("PATH"));
    env.putAll(more);
    return env;
  }

  private Done run(Path dir, Map<String, String> env, String... command) throws Exception {
    Process p = start(dir, env, command);
    assertThat(p.waitFor(SECONDS, TimeUnit.SECONDS)).as("ended in time").isTrue();
    return done(p);
  }

  private Process start(Path dir, Map<String, String> env, String... command) throws IOException {
    Path out = Files.createTempFile(temp, "out", "");
    Path err = Files.createTempFile(temp, "err", "");
    ProcessBuilder b = new ProcessBuilder(command).directory(dir.toFile());
    b.redirectOutput(out.toFile()).redirectError(err.toFile());
    b.environment().putAll(env);
    Process p = b.start();
    outputs.put(p.pid(), List.of(out, err));
    return p;
  }

  private final Map<Long, List<Path>> outputs = new java.util.HashMap<>();

  private Done done(Process p) throws IOException {
    List<Path> files = outputs.getOrDefault(p.pid(), List.of());
    return new Done(
        p.exitValue(),
        Files.readString(files.get(0), StandardCharsets.UTF_8),
        Files.readString(files.get(1), StandardCharsets.UTF_8));
  }

  private static Path repository() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.exists(at.resolve("puna"))) {
      at = at.getParent();
    }
    return java.util.Objects.requireNonNull(at, "no launcher above the working directory");
  }

  @Test
  void buildsOnceAndPassesArgumentsOn() throws Exception {
    Done first = puna("two words", "é");
    assertThat(first.out()).isEqualTo("arg two words\narg é\nterminals \nvectors true\n");
    assertThat(first.code()).isEqualTo(2);
    assertThat(first.err()).startsWith("puna: building").hasLineCount(1);
    Done second = puna();
    assertThat(second.err()).as("not even the JVM's warning").isEmpty();
    assertThat(calls()).isEqualTo(1);
    assertThat(Files.readString(temp.resolve("java")).strip()).isEqualTo(JAVA);
  }

  @Test
  void answersWithTheSerialCollectorUnlessAnotherIsNamed() throws Exception {
    String log = "-Xlog:gc";
    assertThat(puna(Map.of("PUNA_JAVA_OPTS", log), "run").out())
        .contains("Using Serial", "arg run");
    assertThat(puna(Map.of("PUNA_JAVA_OPTS", log + " -XX:+UseParallelGC"), "run").out())
        .contains("Using Parallel", "arg run");
  }

  @Test
  void buildsAgainWhereSourcesChangedOrWent() throws Exception {
    puna();
    Files.writeString(source(), "class A { int x; }");
    touchLater(source());
    puna();
    assertThat(calls()).as("a changed source").isEqualTo(2);
    makeOld();
    puna();
    assertThat(calls()).isEqualTo(2);
    Files.delete(source());
    touchLater(source().getParent());
    puna();
    assertThat(calls()).as("a deleted source").isEqualTo(3);
    makeOld();
    touchLater(project.resolve("app/pom.xml"));
    puna();
    assertThat(calls()).as("a changed pom").isEqualTo(4);
  }

  /** Dates a file a little after the build, which the clock of the file system may not resolve. */
  private static void touchLater(Path p) throws IOException {
    Files.setLastModifiedTime(p, FileTime.from(Instant.now().plusSeconds(1)));
  }

  @Test
  void worksFromAnywhereThroughLinks() throws Exception {
    Path elsewhere = Files.createDirectories(temp.resolve("else where"));
    Path link = Files.createSymbolicLink(elsewhere.resolve("p"), project.resolve("puna"));
    Path relative = Files.createSymbolicLink(elsewhere.resolve("q"), Path.of("p"));
    assertThat(run(elsewhere, environment(Map.of()), link.toString(), "x").code()).isEqualTo(1);
    assertThat(run(elsewhere, environment(Map.of()), relative.toString()).code()).isZero();
    assertThat(calls()).isEqualTo(1);
  }

  @Test
  void twoAtOnceBuildOnce() throws Exception {
    mvn("sleep 1");
    Process a = start(temp, environment(Map.of()), project.resolve("puna").toString(), "1");
    Process b = start(temp, environment(Map.of()), project.resolve("puna").toString(), "1", "2");
    assertThat(a.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(b.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(a.exitValue()).isEqualTo(1);
    assertThat(b.exitValue()).isEqualTo(2);
    assertThat(calls()).isEqualTo(1);
  }

  @Test
  void withoutFlockALinkLocksAndADeadHolderIsPassedOver() throws Exception {
    Map<String, String> env = Map.of("PATH", toolsWithout("flock"));
    Path state = Files.createDirectories(project.resolve(".puna-build"));
    Process gone = new ProcessBuilder("true").start();
    assertThat(gone.waitFor()).isZero();
    Files.createSymbolicLink(state.resolve("holder"), Path.of(Long.toString(gone.pid())));
    mvn("sleep 1");
    Process a = start(temp, environment(env), project.resolve("puna").toString(), "1");
    Done b = puna(env, "1", "2");
    assertThat(a.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(done(a).code()).isEqualTo(1);
    assertThat(b.code()).isEqualTo(2);
    assertThat(calls()).isEqualTo(1);
    assertThat(state.resolve("holder")).doesNotExist();
  }

  @Test
  void afterAKilledBuildItStartsClean() throws Exception {
    mvn("mkdir -p app/target/launcher/classes && touch app/target/launcher/classes/half; sleep 5");
    Process p = start(temp, environment(Map.of()), project.resolve("puna").toString());
    Path half = project.resolve("app/target/launcher/classes/half");
    for (int i = 0; i < 100 && !Files.exists(half); i++) {
      Thread.sleep(100);
    }
    assertThat(half).exists();
    p.descendants().forEach(ProcessHandle::destroyForcibly);
    p.destroyForcibly();
    assertThat(p.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    mvn("");
    assertThat(puna("x").code()).isEqualTo(1);
    assertThat(half).as("what the killed build left").doesNotExist();
    assertThat(calls()).isEqualTo(2);
  }

  @Test
  void aFailedBuildShowsItsErrorsAndIsTriedAgain() throws Exception {
    mvn("echo '[ERROR] A.java:[1,2] no such symbol'; exit 1");
    Done failed = puna();
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("the build failed").contains("no such symbol");
    mvn("");
    assertThat(puna("x").code()).isEqualTo(1);
    assertThat(calls()).isEqualTo(2);
  }

  @Test
  void saysWhatIsMissing() throws Exception {
    Done noJdk = puna(Map.of("PUNA_JAVA_HOME", temp.toString()));
    assertThat(noJdk.code()).isEqualTo(2);
    assertThat(noJdk.err()).hasLineCount(1).contains("expected a JDK 25 or newer, found none");
    Path old = Files.createDirectories(temp.resolve("old jdk/bin"));
    for (String tool : List.of("java", "javac")) {
      Files.createSymbolicLink(old.resolve(tool), Path.of("/bin/true"));
    }
    Files.writeString(old.getParent().resolve("release"), "JAVA_VERSION=\"17.0.9\"\n");
    Done oldJdk = puna(Map.of("PUNA_JAVA_HOME", old.getParent().toString()));
    assertThat(oldJdk.err()).hasLineCount(1).contains("found Java 17");
    Files.delete(bin.resolve("mvn"));
    Done noMaven = puna(Map.of("PATH", toolsWithout("flock")));
    assertThat(noMaven.code()).isEqualTo(2);
    assertThat(noMaven.err()).hasLineCount(1).contains("needs Apache Maven");
  }

  @Test
  void findsAJdkInTheUsualPlaces() throws Exception {
    Map<String, String> env = Map.of("PUNA_JAVA_HOME", "", "JAVA_HOME", JAVA);
    assertThat(puna(env, "x").code()).isEqualTo(1);
    Path home = Files.createDirectories(temp.resolve("home/.jdks"));
    Files.createSymbolicLink(home.resolve("jdk"), Path.of(JAVA));
    Map<String, String> other =
        Map.of("PUNA_JAVA_HOME", "", "JAVA_HOME", "/none", "HOME", home.getParent().toString());
    assertThat(puna(other, "x").code()).isEqualTo(1);
    String launcher = project.resolve("puna").toString();
    Done homeless = run(temp, environment(env), "env", "-u", "HOME", launcher, "x");
    assertThat(homeless.code()).as(homeless.err()).isEqualTo(1);
  }

  /** Starts with a log of the loaded classes; returns where {@code Main} came from. */
  private String source(Map<String, String> env) throws Exception {
    Path log = temp.resolve("classes.log");
    Map<String, String> all = new java.util.HashMap<>(env);
    all.put("PUNA_JAVA_OPTS", "-Xlog:class+load:file=" + log);
    Done done = puna(all, "x");
    assertThat(done.code()).isEqualTo(1);
    assertThat(done.out()).startsWith("arg x\n").hasLineCount(3);
    assertThat(done.err().lines().filter(l -> !l.startsWith("puna: building"))).isEmpty();
    return Files.readAllLines(log).stream()
        .filter(l -> l.contains(" org.puna.app.Main "))
        .map(l -> l.replaceFirst(".* source: ", ""))
        .findFirst()
        .orElseThrow();
  }

  private List<Path> archives() throws IOException {
    try (var all = Files.list(project.resolve(".puna-build/classes"))) {
      return all.filter(p -> p.toString().endsWith(".jsa")).toList();
    }
  }

  @Test
  void startsFromAClassArchiveThatFitsAndWithoutAnyOther() throws Exception {
    Map<String, String> on = Map.of("PUNA_CDS", "on");
    assertThat(source(on)).startsWith("shared objects file");
    assertThat(source(Map.of())).as("switched off").startsWith("file:");
    Path archive = archives().getFirst();
    byte[] good = Files.readAllBytes(archive);
    Files.write(archive, java.util.Arrays.copyOf(good, good.length / 2));
    assertThat(source(on)).as("cut off").startsWith("file:");
    Files.writeString(archive, "no archive at all");
    assertThat(source(on)).startsWith("file:");
    Files.write(archive, new byte[0]);
    assertThat(source(on)).as("a JVM that could not make one").startsWith("file:");
    assertThat(archives()).containsExactly(archive);
    Files.delete(archive);
    assertThat(source(on)).as("made beside the program").startsWith("file:");
    for (int i = 0; i < 10 * SECONDS && archives().isEmpty(); i++) {
      Thread.sleep(100);
    }
    assertThat(source(on)).startsWith("shared objects file");
  }

  @Test
  void whereNothingCanBeWrittenTheArchiveLiesInOnesOwnCacheOrNowhere() throws Exception {
    puna("x");
    Path state = project.resolve(".puna-build");
    // A file in the folder's place cannot be written into, not even by an administrator.
    Files.writeString(state.resolve("classes"), "");
    Path cache = temp.resolve("a cache");
    Map<String, String> env = Map.of("PUNA_CDS", "on", "XDG_CACHE_HOME", cache.toString());
    assertThat(source(env)).startsWith("file:");
    for (int i = 0; i < 10 * SECONDS && !holdsArchive(cache); i++) {
      Thread.sleep(100);
    }
    assertThat(source(env)).startsWith("shared objects file");
    Path file = Files.writeString(temp.resolve("a file"), "");
    Map<String, String> nowhere = Map.of("PUNA_CDS", "on", "XDG_CACHE_HOME", file.toString());
    assertThat(source(nowhere)).startsWith("file:");
  }

  private static boolean holdsArchive(Path folder) throws IOException {
    if (!Files.exists(folder)) return false;
    try (var all = Files.walk(folder)) {
      return all.anyMatch(p -> p.toString().endsWith(".jsa"));
    }
  }

  /** A folder of the tools that the launcher needs, without those named. */
  private String toolsWithout(String absent) throws IOException {
    Path tools = Files.createDirectories(temp.resolve("tools"));
    for (String dir : List.of("/usr/bin", "/bin")) {
      for (String tool :
          List.of(
              "bash",
              "env",
              "readlink",
              "dirname",
              "find",
              "head",
              "mkdir",
              "touch",
              "rm",
              "mv",
              "cp",
              "date",
              "grep",
              "ln",
              "sleep",
              "uname",
              "flock")) {
        Path from = Path.of(dir, tool);
        if (!tool.equals(absent) && Files.exists(from) && Files.notExists(tools.resolve(tool))) {
          Files.createSymbolicLink(tools.resolve(tool), from);
        }
      }
    }
    return bin + ":" + tools;
  }
}
