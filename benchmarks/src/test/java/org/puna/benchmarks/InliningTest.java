package org.puna.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.puna.benchmarks.Inlining.Finding;

/** Logs of a few lines, as JDK 25 writes them. */
class InliningTest {
  private static final String NAMES =
      """
      <type id='1' name='void'/>
      <klass id='2' name='jdk.incubator.vector.FloatVector' flags='1057'/>
      <klass id='3' name='org.puna.tensor.cpu.vector.LaneSum' flags='48'/>
      <klass id='4' name='jdk.incubator.vector.AbstractVector' flags='1056'/>
      <type id='5' name='float'/>
      <method id='6' holder='3' name='of' return='5' arguments='2' flags='8' bytes='100'/>
      <method id='7' holder='4' name='castShape' return='2' flags='17' bytes='40'/>
      <method id='8' holder='3' name='plain' return='5' arguments='5' flags='8' bytes='9'/>
      """;

  @TempDir Path folder;

  private Path log(String task, String body) throws IOException {
    return Files.writeString(
        folder.resolve("log.xml"), "<task " + task + ">\n" + NAMES + body + "</task>\n");
  }

  private static String compiled(String method) {
    return "compile_id='9' method='org.puna.tensor.cpu.vector.Loop " + method + " (I)V'";
  }

  @Test
  void namesHelpersThatStayCallsBeforeThoseNearTheLimit() throws IOException {
    Path log =
        log(
            compiled("run"),
            """
            <parse method='8' nodes='12000' live='900' stamp='1'>
            <call method='6' count='10' inline='1'/>
            <inline_success reason='inline (hot)'/>
            <parse_done nodes='18100' live='9000'/>
            <call method='6' count='10' inline='1'/>
            <inline_fail reason='NodeCountInliningCutoff'/>
            """);
    assertThat(Inlining.read(log))
        .containsExactly(
            new Finding("Loop.run", "LaneSum.of", 18100, "NodeCountInliningCutoff"),
            new Finding("Loop.run", "LaneSum.of", 12000, ""));
  }

  @Test
  void namesOperationsThatAreChosenByClass() throws IOException {
    Path log =
        log(
            compiled("run"),
            """
            <parse method='8' nodes='20000' live='900' stamp='1'>
            <call method='7' count='10' virtual='1' inline='1'/>
            <inline_fail reason='virtual call'/>
            """);
    assertThat(Inlining.read(log))
        .containsExactly(
            new Finding("Loop.run", "AbstractVector.castShape", 20000, "virtual call"));
  }

  @Test
  void passesOverWhatBoxesNothing() throws IOException {
    String calls =
        """
        <parse method='8' nodes='400' live='300' stamp='1'>
        <call method='6' count='10' inline='1'/>
        <inline_success reason='inline (hot)'/>
        <call method='8' count='10' inline='1'/>
        <inline_fail reason='too big'/>
        <call method='7' count='10' inline='1'/>
        <inline_fail reason='never executed'/>
        <call method='7' count='10' virtual='1' inline='1'/>
        <inline_fail reason='virtual call'/>
        """;
    assertThat(Inlining.read(log(compiled("run"), calls))).isEmpty();
    String refused =
        """
        <call method='6' count='10' inline='1'/>
        <inline_fail reason='too big'/>
        """;
    // The first compiler, code that is entered in the middle of a loop, and methods of others.
    assertThat(Inlining.read(log(compiled("run") + " level='3'", refused))).isEmpty();
    assertThat(Inlining.read(log(compiled("run") + " osr_bci='3'", refused))).isEmpty();
    assertThat(Inlining.read(log("method='java.lang.Object run ()V'", refused))).isEmpty();
    assertThat(Inlining.read(log(compiled("run"), refused))).hasSize(1);
  }
}
