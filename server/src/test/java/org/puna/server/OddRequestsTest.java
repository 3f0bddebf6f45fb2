package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are allowed and rare, or wrong in rare ways. */
final class OddRequestsTest {
  /** More than any number of Java but its largest kinds. */
  private static final String HUGE = "9".repeat(500);

  @TempDir static Path folder;

  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static HttpResponse<String> chat(String more) throws Exception {
    return server.ask(
        "/v1/chat/completions", "{'messages':[{'role':'user','content':'a'}]," + more + "}");
  }

  /** Checks that a request is refused and returns the field that is named. */
  private static String refused(HttpResponse<String> r) {
    assertThat(r.statusCode()).as(r.body()).isEqualTo(400);
    return server.json(r.body()).path("error").path("param").asString("");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'logprobs':true",
        "'logprobs':true,'top_logprobs':0",
        "'logprobs':true,'stream':true"
      })
  void logprobsOfTheDrawnTokensAlone(String more) throws Exception {
    HttpResponse<String> r = chat(more + ",'max_tokens':2,'logit_bias':{'300':100}");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    assertThat(r.body()).contains("\"top_logprobs\":[]").doesNotContain("server_error");
  }

  @Test
  void logprobsOfOtherEndpointsAlone() throws Exception {
    for (String more : List.of("", ",'stream':true")) {
      HttpResponse<String> r =
          server.ask(
              "/v1/completions",
              "{'prompt':'a','logprobs':0,'max_tokens':2,'logit_bias':{'300':100}" + more + "}");
      assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
      assertThat(r.body()).contains("\"top_logprobs\":[{}").doesNotContain("server_error");
      r =
          server.ask(
              "/v1/responses",
              "{'input':'a','include':['message.output_text.logprobs'],'max_output_tokens':2,"
                  + "'logit_bias':{'300':100}"
                  + more
                  + "}");
      assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
      assertThat(r.body()).contains("\"top_logprobs\":[]").doesNotContain("response.failed");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "seed",
        "temperature",
        "top_p",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "top_k",
        "top_logprobs"
      })
  void numbersBeyondEveryTypeNameTheirField(String field) throws Exception {
    for (String number : List.of(HUGE, "-" + HUGE, "1e999", "-1e999")) {
      HttpResponse<String> r = chat("'logprobs':true,'" + field + "':" + number);
      assertThat(refused(r)).isEqualTo(field);
      assertThat(r.body()).hasSizeLessThan(400);
    }
  }

  @Test
  void numbersBeyondEveryTypeNameTheirPlace() throws Exception {
    assertThat(refused(chat("'logit_bias':{'1':" + HUGE + "}"))).isEqualTo("logit_bias.1");
    assertThat(refused(server.ask("/v1/completions", "{'prompt':'a','logprobs':" + HUGE + "}")))
        .isEqualTo("logprobs");
    assertThat(refused(server.ask("/v1/completions", "{'prompt':[1," + HUGE + "]}")))
        .isEqualTo("prompt[1]");
    refused(chat("'guided_json':{'type':'string','maxLength':" + HUGE + "}"));
  }
}
