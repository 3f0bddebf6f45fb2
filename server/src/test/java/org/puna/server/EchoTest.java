package org.puna.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.engine.Evaluator;
import org.puna.engine.Likelihoods;
import org.puna.engine.Likelihoods.Likelihood;
import org.puna.engine.Likelihoods.Query;
import org.puna.model.Checkpoint;
import org.puna.tensor.Backend;
import org.puna.tensor.Graph;
import org.puna.tensor.backends.Backends;
import tools.jackson.databind.JsonNode;

/**
 * Log-probabilities of prompts over HTTP beside a forward pass of the same model on its own, and as
 * lm-evaluation-harness reads them: the sum over {@code token_logprobs[ctxlen:-1]}, greedy where
 * each of these is the largest of its {@code top_logprobs}.
 */
final class EchoTest {
  private static final int CONTEXT = 4096;

  /** Steps of other sizes add in other orders. */
  private static final double ROUNDING = 2e-4;

  @TempDir static Path folder;

  private static TestServer server;
  private static Checkpoint checkpoint;
  private static Backend backend;
  private static Graph graph;
  private static int end;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start(folder);
    checkpoint = Checkpoint.open(folder.resolve("tiny.gguf"));
    backend = Backends.open("auto", 1);
    graph = checkpoint.architecture().forward(checkpoint.config(), checkpoint.weights(), CONTEXT);
    end = checkpoint.tokenizer().endOfGeneration()[0];
  }

  @AfterAll
  static void stop() {
    server.close();
    backend.close();
    checkpoint.close();
  }

  private static JsonNode ok(HttpResponse<String> r) {
    assertThat(r.statusCode()).as(r.body()).isEqualTo(200);
    return server.json(r.body());
  }

  private static JsonNode ask(String prompt, String more) throws Exception {
    return ok(
        server.ask("/v1/completions", "{'prompt':" + prompt + ",'temperature':0" + more + "}"));
  }

  private static JsonNode score(int[] ids, String more) throws Exception {
    return ask(Arrays.toString(ids), ",'echo':true" + more).path("choices").path(0);
  }

  private static int[] prompt(int length, long seed) {
    return new Random(seed).ints(length, 3, 500).toArray();
  }

  /** Natural logarithms of the probabilities of all tokens in each place, from one pass. */
  private static List<double[]> direct(int[] ids) {
    List<double[]> out = new ArrayList<>();
    try (Evaluator e = new Evaluator(backend, graph, CONTEXT, CONTEXT)) {
      e.feed(
          ids,
          (position, logits) -> {
            double max = Float.NEGATIVE_INFINITY;
            for (float x : logits) max = Math.max(max, x);
            double sum = 0;
            for (float x : logits) sum += Math.exp(x - max);
            double total = max + Math.log(sum);
            out.add(
                IntStream.range(0, logits.length).mapToDouble(i -> logits[i] - total).toArray());
          });
    }
    return out;
  }

  private static void check(JsonNode choice, int[] ids, int answered) {
    JsonNode l = choice.path("logprobs");
    for (String list : List.of("tokens", "token_logprobs", "top_logprobs", "text_offset")) {
      assertThat(l.path(list).size()).as(list).isEqualTo(ids.length + answered);
    }
    assertThat(l.path("token_logprobs").path(0).isNull()).isTrue();
    assertThat(l.path("top_logprobs").path(0).isNull()).isTrue();
    List<double[]> direct = direct(ids);
    for (int i = 1; i < ids.length; i++) {
      double[] all = direct.get(i - 1);
      assertThat(l.path("token_logprobs").path(i).asDouble())
          .as("place %d", i)
          .isCloseTo(all[ids[i]], within(ROUNDING));
      JsonNode top = l.path("top_logprobs").path(i);
      assertThat(top.path(l.path("tokens").path(i).asString()).asDouble())
          .isGreaterThanOrEqualTo(l.path("token_logprobs").path(i).asDouble());
      assertThat(top.valueStream().mapToDouble(JsonNode::asDouble).max().orElseThrow())
          .isCloseTo(Arrays.stream(all).max().orElseThrow(), within(ROUNDING));
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < l.path("tokens").size(); i++) {
      assertThat(l.path("text_offset").path(i).asInt())
          .isEqualTo(text.codePointCount(0, text.length()));
      text.append(l.path("tokens").path(i).asString());
    }
    assertThat(choice.path("text").asString()).hasToString(text.toString());
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,0", "31,1", "32,0", "33,2", "35,1", "36,5", "64,0", "300,1", "1000,0"})
  void theNumbersAreThoseOfAPassOfItsOwn(int length, int answered) throws Exception {
    int[] ids = prompt(length, length);
    String more = ",'logprobs':1,'logit_bias':{'" + end + "':-100},'max_tokens':" + answered;
    check(score(ids, more), ids, answered);
    // The cache knows the prompt now.
    check(score(ids, more), ids, answered);
    ask(Arrays.toString(ids), ",'max_tokens':1");
    check(score(ids, more), ids, answered);
  }

  @Test
  void anEndMayBeIgnoredOrPutOff() throws Exception {
    String ends = ",'max_tokens':6,'logit_bias':{'" + end + "':100}";
    assertThat(answered(ask("'a'", ends))).isEqualTo("0 stop");
    assertThat(answered(ask("'a'", ends + ",'min_tokens':3"))).isEqualTo("3 stop");
    assertThat(answered(ask("'a'", ends + ",'ignore_eos':true"))).isEqualTo("6 length");
    String chat = "{'messages':[{'role':'user','content':'a'}],'temperature':0" + ends;
    assertThat(answered(ok(server.ask("/v1/chat/completions", chat + ",'min_tokens':3}"))))
        .isEqualTo("3 stop");
    assertThat(answered(ok(server.ask("/v1/chat/completions", chat + ",'ignore_eos':true}"))))
        .isEqualTo("6 length");
  }

  private static String answered(JsonNode answer) {
    return answer.path("usage").path("completion_tokens").asInt()
        + " "
        + answer.path("choices").path(0).path("finish_reason").asString();
  }

  @Test
  void specialTokensOfAPromptAreRead() throws Exception {
    String spelled = "'a" + checkpoint.tokenizer().token(end) + "'";
    int plain = prompt(ask("'a'", ",'max_tokens':1"));
    assertThat(prompt(ask(spelled, ",'max_tokens':1"))).isEqualTo(plain + 1);
    assertThat(prompt(ask(spelled, ",'max_tokens':1,'parse_special':false")))
        .isGreaterThan(plain + 1);
  }

  private static int prompt(JsonNode answer) {
    return answer.path("usage").path("prompt_tokens").asInt();
  }

  @Test
  void otherRequestsDoNotChangeThem() throws Exception {
    int[] shared = prompt(200, 7);
    try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<String>>> streams = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        String body =
            "{'prompt':"
                + Arrays.toString(shared)
                + ",'stream':true,'max_tokens':300,'temperature':1,'seed':"
                + i
                + ",'logit_bias':{'508':-100,'511':-100}}";
        streams.add(clients.submit(() -> server.ask("/v1/completions", body)));
      }
      for (int length : new int[] {40, 200, 260}) {
        int[] ids = Arrays.copyOf(shared, length);
        for (int i = 200; i < length; i++) ids[i] = i % 90 + 5;
        check(score(ids, ",'logprobs':5,'max_tokens':0"), ids, 0);
      }
      for (Future<HttpResponse<String>> s : streams) {
        assertThat(s.get().body()).endsWith("data: [DONE]\n\n").doesNotContain("error");
      }
    }
  }

  @Test
  void theHarnessFindsTheLikelihoodsOfContinuations() throws Exception {
    List<Query> queries = new ArrayList<>();
    for (int i = 0; i < 4; i++) queries.add(new Query(prompt(3 + 20 * i, i), prompt(1 + i, 9 + i)));
    // One whose continuation is what the model says itself.
    int[] context = prompt(10, 3);
    int[] whole = Arrays.copyOf(context, 14);
    for (int i = 10; i < 14; i++) whole[i] = likeliest(direct(Arrays.copyOf(whole, i)).getLast());
    queries.add(new Query(context, Arrays.copyOfRange(whole, 10, 14)));
    String prompts =
        queries.stream().map(q -> Arrays.toString(joined(q))).collect(Collectors.joining(","));
    // What local-completions of the harness sends; the end token is an entry like any other.
    for (String more : List.of("", ",'logit_bias':{'" + end + "':100}")) {
      JsonNode r =
          ask("[" + prompts + "]", ",'max_tokens':1,'logprobs':1,'seed':1234,'echo':true" + more);
      assertThat(r.path("usage").path("prompt_tokens").asInt())
          .isEqualTo(queries.stream().mapToInt(q -> joined(q).length).sum());
      List<Likelihood> expected;
      try (Likelihoods l = new Likelihoods(backend, graph, CONTEXT, 4, 64)) {
        expected = l.of(queries, done -> {});
      }
      assertThat(expected).extracting(Likelihood::greedy).contains(true, false);
      assertThat(r.path("choices").size()).isEqualTo(queries.size());
      for (int i = 0; i < queries.size(); i++) {
        JsonNode choice = r.path("choices").path(i);
        assertThat(choice.path("index").asInt()).isEqualTo(i);
        Likelihood found = parsed(choice, queries.get(i).context().length);
        assertThat(found.logProbability())
            .isCloseTo(expected.get(i).logProbability(), within(5 * ROUNDING));
        assertThat(found.greedy()).isEqualTo(expected.get(i).greedy());
      }
    }
  }

  private static Likelihood parsed(JsonNode choice, int contextLength) {
    JsonNode values = choice.path("logprobs").path("token_logprobs");
    JsonNode tops = choice.path("logprobs").path("top_logprobs");
    double sum = 0;
    boolean greedy = true;
    for (int i = contextLength; i < values.size() - 1; i++) {
      double x = values.path(i).asDouble();
      sum += x;
      greedy &= x == tops.path(i).valueStream().mapToDouble(JsonNode::asDouble).max().orElseThrow();
    }
    return new Likelihood(sum, greedy);
  }

  private static int likeliest(double[] all) {
    return IntStream.range(0, all.length).reduce(0, (a, b) -> all[b] > all[a] ? b : a);
  }

  private static int[] joined(Query q) {
    return IntStream.concat(Arrays.stream(q.context()), Arrays.stream(q.continuation())).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Once upon a time", "Zürich 🦙 é", " two  blanks\n"})
  void offsetsPointIntoTheTextThatIsReturned(String prompt) throws Exception {
    String quoted = "'" + prompt.replace("\n", "\\n") + "'";
    JsonNode choice =
        ask(quoted, ",'echo':true,'logprobs':2,'max_tokens':3").path("choices").path(0);
    String text = choice.path("text").asString();
    assertThat(text).startsWith(prompt);
    JsonNode l = choice.path("logprobs");
    for (int i = 0; i < l.path("tokens").size(); i++) {
      int at = text.offsetByCodePoints(0, l.path("text_offset").path(i).asInt());
      assertThat(text.startsWith(l.path("tokens").path(i).asString(), at)).as("%d", i).isTrue();
    }
    int[] ids = checkpoint.tokenizer().encodeWithSpecials(prompt, false);
    int answer = l.path("text_offset").path(ids.length).asInt();
    assertThat(answer).isEqualTo(prompt.codePointCount(0, prompt.length()));
    assertThat(l.path("top_logprobs").path(1).size()).isBetween(2, 3);
  }

  @Test
  void aPromptMayBeAllThatIsAskedFor() throws Exception {
    JsonNode r = ask("['ab','cd']", ",'echo':true,'n':2,'logprobs':0,'max_tokens':0");
    assertThat(r.path("choices").valueStream().map(c -> c.path("text").asString()))
        .containsExactly("ab", "ab", "cd", "cd");
    assertThat(r.path("choices").valueStream().map(c -> c.path("finish_reason").asString()))
        .containsOnly("length");
    assertThat(r.path("choices").path(1).path("logprobs"))
        .isEqualTo(r.path("choices").path(0).path("logprobs"));
    assertThat(r.path("usage").path("completion_tokens").asInt()).isZero();
    JsonNode plain = ask("'ab'", ",'max_tokens':0").path("choices").path(0);
    assertThat(plain.path("text").asString()).isEmpty();
    assertThat(plain.path("logprobs").isNull()).isTrue();
    assertThat(plain.path("finish_reason").asString()).isEqualTo("length");
  }

  @Test
  void streamsThePromptFirst() throws Exception {
    for (String more : List.of("'max_tokens':4", "'max_tokens':0")) {
      String body = "{'prompt':['Once upon','a'],'echo':true,'logprobs':2,'temperature':0," + more;
      JsonNode whole = ok(server.ask("/v1/completions", body + "}"));
      List<JsonNode> chunks =
          server
              .ask("/v1/completions", body + ",'stream':true}")
              .body()
              .lines()
              .filter(line -> line.startsWith("data: {"))
              .map(line -> server.json(line.substring(6)).path("choices").path(0))
              .toList();
      for (int i = 0; i < 2; i++) {
        int index = i;
        List<JsonNode> own = chunks.stream().filter(c -> c.path("index").asInt() == index).toList();
        assertThat(own.getFirst().path("text").asString()).isEqualTo(i == 0 ? "Once upon" : "a");
        assertThat(own.getFirst().path("logprobs").path("token_logprobs").path(0).isNull())
            .isTrue();
        JsonNode choice = whole.path("choices").path(i);
        assertThat(own.stream().map(c -> c.path("text").asString()).collect(Collectors.joining()))
            .isEqualTo(choice.path("text").asString());
        for (String list : List.of("tokens", "token_logprobs", "text_offset")) {
          assertThat(own.stream().flatMap(c -> c.path("logprobs").path(list).valueStream()))
              .as(list)
              .hasSameSizeAs(choice.path("logprobs").path(list).values());
        }
        assertThat(own.stream().flatMap(c -> c.path("logprobs").path("text_offset").valueStream()))
            .containsExactlyElementsOf(choice.path("logprobs").path("text_offset").values());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'logprobs':21 | logprobs",
        "'logprobs':-1 | logprobs",
        "'logprobs':true | logprobs",
        "'max_tokens':-1 | max_tokens",
        "'suffix':'x','logprobs':1 | suffix",
        "'best_of':2,'logprobs':1 | best_of",
        "'echo':1 | echo",
      })
  void namesWhatCannotBe(String more, String field) throws Exception {
    HttpResponse<String> r = server.ask("/v1/completions", "{'prompt':'a'," + more + "}");
    assertThat(r.statusCode()).as(r.body()).isEqualTo(400);
    assertThat(server.json(r.body()).path("error").path("param").asString()).isEqualTo(field);
  }
}
