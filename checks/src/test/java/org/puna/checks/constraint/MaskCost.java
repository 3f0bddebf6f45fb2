package org.puna.checks.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.puna.chat.constraint.Alphabet;
import org.puna.chat.constraint.Automaton;
import org.puna.chat.constraint.Gbnf;
import org.puna.chat.constraint.Grammar;
import org.puna.chat.constraint.JsonSchema;
import org.puna.chat.constraint.TokenMasks;
import org.puna.checks.Published;
import org.puna.engine.Constraint;
import org.puna.model.tokenizer.Tokenizer;
import org.puna.model.tokenizer.Tokenizers;
import tools.jackson.databind.json.JsonMapper;

/**
 * Prints what a mask costs on the vocabulary of Llama 3, 128,256 tokens. Not a test that every
 * build runs: {@code -Dtest=MaskCost} asks for it, and docs/constraints.md shows what it printed.
 */
class MaskCost {
  /** Answers for each grammar; the first finds nothing in the cache. */
  private static final int ANSWERS = 12;

  private static final int MAX_TOKENS = 400;

  private static final int ROUNDS = 3;

  /** Time of the processor, so that what else runs on the machine does not matter. */
  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

  private static Map<String, Grammar> grammars() {
    Map<String, Grammar> all = new LinkedHashMap<>();
    all.put("any JSON object", JsonSchema.anyObject());
    all.put(
        "a person",
        schema(
            """
            {"type":"object","additionalProperties":false,"required":["name","age","email","tags"],
             "properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},
             "email":{"type":"string","format":"email"},
             "tags":{"type":"array","items":{"type":"string"},"maxItems":5}}}
            """));
    all.put(
        "an order: nested, dates, patterns, enums",
        schema(
            """
            {"type":"object","additionalProperties":false,"required":["id","date","state","lines"],
             "properties":{"id":{"type":"string","pattern":"^[A-Z]{3}-[0-9]{6}$"},
             "date":{"type":"string","format":"date-time"},
             "state":{"enum":["open","paid","shipped","returned"]},
             "lines":{"type":"array","minItems":1,"items":{"type":"object",
              "additionalProperties":false,"required":["sku","count","price"],
              "properties":{"sku":{"type":"string","minLength":4,"maxLength":12},
               "count":{"type":"integer","minimum":1,"maximum":999},
               "price":{"type":"number","minimum":0}}}}}}
            """));
    all.put(
        "a recursive tree",
        schema(
            """
            {"$defs":{"t":{"type":"object","additionalProperties":false,
             "required":["value","children"],"properties":{"value":{"type":"string"},
              "children":{"type":"array","items":{"$ref":"#/$defs/t"}}}}},"$ref":"#/$defs/t"}
            """));
    all.put(
        "a text of 100 to 2000 characters",
        schema("{\"type\":\"string\",\"minLength\":100,\"maxLength\":2000}"));
    all.put(
        "one of 500 words",
        schema(
            "{\"enum\":"
                + IntStream.range(0, 500)
                    .mapToObj(i -> "\"" + Integer.toString(i * 7919 + 1_000_003, 36) + "\"")
                    .collect(Collectors.joining(",", "[", "]"))
                + "}"));
    all.put(
        "anyOf of 20 kinds of object",
        schema(
            IntStream.range(0, 20)
                .mapToObj(i ->
                    ("{\"type\":\"object\",\"required\":[\"kind\",\"v%d\"],\"properties\":{\"kind\":"
                         + "{\"const\":\"k%d\"},\"v%d\":{\"type\":\"string\"}}}")
                        .formatted(i, i, i))
                .collect(Collectors.joining(",", "{\"anyOf\":[", "]}"))));
    all.put(
        "arithmetic in GBNF",
        Gbnf.parse(
            "root ::= sum\nsum ::= term (\" \"? [-+*/] \" \"? term)*\n"
                + "term ::= [0-9]{1,9} | [a-z]+ | \"(\" sum \")\""));
    all.put("words and blanks, a regex", Grammar.ofRegex("([A-Za-zäöü]{1,20}[ ,.;]{1,2}){5,60}"));
    all.put("a regex of any 50 to 400 characters", Grammar.ofRegex("[^\\n]{50,400}"));
    return all;
  }

  private static Grammar schema(String json) {
    return JsonSchema.compile(JsonMapper.shared().readTree(json));
  }

  @Test
  void print() {
    Tokenizer tokenizer =
        Tokenizers.open(Published.fixture("thirdparty/tokenizers/llama3.tokenizer.model"));
    Set<Integer> ends =
        Arrays.stream(tokenizer.endOfGeneration()).boxed().collect(Collectors.toSet());
    StringBuilder out = new StringBuilder();
    out.append(
        "%-42s %9s %7s | %8s %8s %8s | %8s %8s %8s %7s%n"
            .formatted(
                "grammar",
                "compile",
                "tokens",
                "1st mean",
                "median",
                "max",
                "mean",
                "median",
                "max",
                "forced"));
    // The first rounds warm the compiler up and are not printed.
    for (int round = 0; round < ROUNDS; round++) {
      Alphabet alphabet = new Alphabet(tokenizer, ends, List.of());
      for (Map.Entry<String, Grammar> e : grammars().entrySet()) {
        long start = CPU.getCurrentThreadCpuTime();
        TokenMasks masks = new TokenMasks(new Automaton(e.getValue()), alphabet);
        double compileMillis = (CPU.getCurrentThreadCpuTime() - start) / 1e6;
        Times first = new Times();
        Times later = new Times();
        for (int i = 0; i < ANSWERS; i++) answer(tokenizer, masks, i, i == 0 ? first : later);
        if (round < ROUNDS - 1) continue;
        out.append(
            "%-42s %6.1f ms %7d | %s | %s %6.0f%%%n"
                .formatted(
                    e.getKey(),
                    compileMillis,
                    first.n + first.forced + later.n + later.forced,
                    first,
                    later,
                    100.0 * later.forced / (later.n + later.forced)));
      }
    }
    System.out.print(
        "Milliseconds of a mask; decoding a token of a 1B model takes about 65.\n" + out);
  }

  private static void answer(Tokenizer tokenizer, TokenMasks masks, long seed, Times times) {
    Random random = new Random(seed);
    Constraint c = masks.start();
    for (int said = 0; said < MAX_TOKENS && !c.finished(); ) {
      long start = CPU.getCurrentThreadCpuTime();
      long[] allowed = c.allowed(MAX_TOKENS - said);
      times.add(CPU.getCurrentThreadCpuTime() - start);
      int token = pick(allowed, random);
      if (tokenizer.endsGeneration(token)) return;
      c.accept(token);
      said++;
      for (int forced : c.forced(MAX_TOKENS - said)) {
        c.accept(forced);
        said++;
        times.forced++;
      }
    }
    long[] last = c.allowed(1);
    assertThat(
            c.finished()
                || Arrays.stream(tokenizer.endOfGeneration())
                    .anyMatch(id -> (last[id >> 6] >>> id & 1) != 0))
        .as("an answer comes to its end")
        .isTrue();
  }

  private static int pick(long[] allowed, Random random) {
    int n = Arrays.stream(allowed).mapToInt(Long::bitCount).sum();
    int left = random.nextInt(n);
    for (int w = 0; ; w++) {
      int here = Long.bitCount(allowed[w]);
      if (left >= here) {
        left -= here;
        continue;
      }
      long word = allowed[w];
      for (; left > 0; left--) word &= word - 1;
      return 64 * w + Long.numberOfTrailingZeros(word);
    }
  }

  private static final class Times {
    private long[] nanos = new long[64];
    private int n;
    private int forced;

    void add(long t) {
      if (n == nanos.length) nanos = Arrays.copyOf(nanos, 2 * n);
      nanos[n++] = t;
    }

    @Override
    public String toString() {
      if (n == 0) return "%8s %8s %8s".formatted("", "", "");
      long[] sorted = Arrays.copyOf(nanos, n);
      Arrays.sort(sorted);
      return "%8.3f %8.3f %8.3f"
          .formatted(
              Arrays.stream(sorted).average().orElse(0) / 1e6,
              sorted[n / 2] / 1e6,
              sorted[n - 1] / 1e6);
    }
  }
}
