package org.puna.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.puna.engine.Generation;
import org.puna.engine.GenerationEvent;
import org.puna.engine.Request;
import org.puna.engine.Sampling;
import org.puna.fixtures.ByteTokenizer;

/** Prompts that are reported token by token, and tokens that give no text at the end. */
class PromptTokensTest {
  private static final ByteTokenizer TOKENIZER = new ByteTokenizer("<s>", "<|x|>", "</s>");
  private static final int BOS = 256;
  private static final int CONTROL = 257;
  private static final int END = 258;
  private static final int NAMELESS = 259;

  /** Answers "é", half a character, a control token and the end. */
  private static final class Scored implements ChatModel.Source {
    @Override
    public int contextLength() {
      return 1000;
    }

    @Override
    public Generation submit(Request request) {
      Queue<GenerationEvent> events = new ArrayDeque<>();
      if (request.promptLogprobs()) {
        List<GenerationEvent.Logprobs> scores = new ArrayList<>();
        for (int i = 1; i < request.prompt().length; i++) scores.add(logprobs(-i));
        events.add(new GenerationEvent.Prompt(scores));
      }
      for (int id : new int[] {0xC3, 0xA9, 0xC3, CONTROL}) events.add(token(id));
      events.add(
          new GenerationEvent.Finished(
              GenerationEvent.Reason.STOP,
              new GenerationEvent.Usage(request.prompt().length, 0, 4, 1, 1),
              Optional.of(token(END))));
      return new Generation() {
        @Override
        public GenerationEvent next() {
          return events.remove();
        }

        @Override
        public void close() {}
      };
    }

    private static GenerationEvent.Token token(int id) {
      return new GenerationEvent.Token(id, Optional.of(logprobs(-0.5f)));
    }

    private static GenerationEvent.Logprobs logprobs(float chosen) {
      return new GenerationEvent.Logprobs(
          chosen, new int[] {NAMELESS, 'a'}, new float[] {-0.1f, -0.2f});
    }
  }

  private record Heard(List<TokenLogprob> prompt, List<TokenLogprob> answer, String text) {}

  private static Heard hear(TextGeneration g) throws InterruptedException {
    List<TokenLogprob> prompt = new ArrayList<>();
    List<TokenLogprob> answer = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    try (g) {
      while (true) {
        switch (g.next()) {
          case TextEvent.Prompt p -> {
            assertThat(answer).isEmpty();
            prompt.addAll(p.tokens());
          }
          case TextEvent.Text t -> {
            text.append(t.text());
            answer.addAll(t.logprobs());
          }
          case TextEvent.Done d -> {
            answer.addAll(d.rest());
            return new Heard(prompt, answer, text.toString());
          }
          case TextEvent.Failed f -> throw new AssertionError(f.message());
        }
      }
    }
  }

  private static ChatModel model() {
    return new ChatModel(
        new Scored(), TOKENIZER, Optional.empty(), java.util.Set.of(), java.time.Clock.systemUTC());
  }

  private static CompletionRequest request(String prompt) {
    return new CompletionRequest(prompt, Sampling.greedy()).withTopLogprobs(2);
  }

  @Test
  void aWrittenPromptIsItsTokens() throws Exception {
    String prompt = "né <|x|>🦙";
    CompletionRequest r = request(prompt).withPromptLogprobs();
    Heard read = hear(model().complete(r));
    assertThat(read.prompt())
        .extracting(TokenLogprob::id)
        .isEqualTo(list(TOKENIZER.encodeWithSpecials(prompt, true)));
    // The beginning of text is not of the text.
    assertThat(joined(read.prompt())).isEqualTo(prompt);
    assertThat(
            joined(hear(model().complete(request("<s>" + prompt).withPromptLogprobs())).prompt()))
        .isEqualTo("<s>" + prompt);
    Heard heard = hear(model().complete(r.withParseSpecial(false)));
    int[] ids = TOKENIZER.encodeWithSpecials(prompt, false);
    assertThat(heard.prompt()).extracting(TokenLogprob::id).isEqualTo(list(ids));
    assertThat(joined(heard.prompt())).isEqualTo(prompt);
    assertThat(heard.prompt().getFirst()).matches(t -> Float.isNaN(t.logprob()));
    for (int i = 1; i < ids.length; i++) {
      TokenLogprob t = heard.prompt().get(i);
      assertThat(t.logprob()).isEqualTo(-i);
      assertThat(t.top()).extracting(TokenLogprob::token).containsExactly("a");
    }
  }

  @Test
  void aPromptOfIdsShowsItsControlTokens() throws Exception {
    int[] ids = {BOS, 'n', CONTROL, 0xC3};
    CompletionRequest r = request("").withPromptLogprobs();
    Heard heard = hear(model().complete(ids, r, 1).getFirst());
    assertThat(heard.prompt())
        .extracting(TokenLogprob::token)
        .containsExactly("<s>", "n", "<|x|>", "\ufffd");
    assertThat(joined(heard.prompt())).isEqualTo(TOKENIZER.decode(ids, true));
  }

  @Test
  void everyTokenOfTheAnswerIsTold() throws Exception {
    Heard heard = hear(model().complete(request("a")));
    assertThat(heard.prompt()).isEmpty();
    assertThat(heard.answer())
        .extracting(TokenLogprob::id)
        .containsExactly(0xC3, 0xA9, 0xC3, CONTROL, END);
    assertThat(joined(heard.answer())).isEqualTo(heard.text()).isEqualTo("é\ufffd");
  }

  @Test
  void tokensOfAStopStringAreNotTold() throws Exception {
    Heard heard = hear(model().complete(request("a").withStops(List.of("é"))));
    assertThat(heard.text()).isEmpty();
    assertThat(heard.answer()).isEmpty();
  }

  @Test
  void requestsKeepWhatTheyAreToReport() {
    CompletionRequest r =
        request("a")
            .withPromptLogprobs()
            .withStops(List.of("x"))
            .withMaxTokens(0)
            .withFormat(ResponseFormat.TEXT)
            .withTopLogprobs(1)
            .withTimeout(java.time.Duration.ofSeconds(1));
    assertThat(r.promptLogprobs()).isTrue();
    assertThat(r.maxTokens()).isEqualTo(OptionalInt.of(0));
  }

  private static List<Integer> list(int[] ids) {
    return java.util.Arrays.stream(ids).boxed().toList();
  }

  private static String joined(List<TokenLogprob> tokens) {
    StringBuilder out = new StringBuilder();
    for (TokenLogprob t : tokens) out.append(t.token());
    return out.toString();
  }
}
