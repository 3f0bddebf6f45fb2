package org.puna.app.serve;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

/** Many streams on one server for a while, each answer held against the one given alone. */
final class Soak {
  private static final int PROMPTS = 24;
  private static final Duration SAMPLE = Duration.ofSeconds(2);

  /** Time in which a server lets go of what was abandoned. */
  private static final Duration SETTLE = Duration.ofSeconds(10);

  private static final String[] WHO = {
    "a cat", "the old king", "Lily", "a small dog", "Tom", "a bird"
  };
  private static final String[] WHAT = {
    "went to the park", "found a red ball", "was sad", "liked to sing"
  };

  private final SoakClient client;
  private final int streams;
  private final Duration time;
  private final double leave;
  private final LongAdder whole = new LongAdder();
  private final LongAdder wrong = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder left = new LongAdder();
  private final LongAdder tokens = new LongAdder();
  private final ConcurrentLinkedQueue<Integer> firstMicros = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Integer> betweenMicros = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<String> examples = new ConcurrentLinkedQueue<>();

  Soak(SoakClient client, int streams, Duration time, double leave) {
    this.client = client;
    this.streams = streams;
    this.time = time;
    this.leave = leave;
  }

  /** Runs, telling each time how many more seconds have passed. */
  SoakReport run(LongConsumer passed) throws IOException, InterruptedException {
    List<String> prompts = new ArrayList<>();
    List<SoakClient.Answer> alone = new ArrayList<>();
    for (int i = 0; i < PROMPTS; i++) {
      prompts.add("Once " + WHO[i % WHO.length] + " " + WHAT[i / WHO.length % WHAT.length] + ".");
      alone.add(client.whole(prompts.getLast()));
    }
    long start = System.nanoTime();
    long end = start + time.toNanos();
    AtomicInteger running = new AtomicInteger(streams);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      Random random = new Random(i);
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  while (System.nanoTime() - end < 0) ask(prompts, alone, random);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                } finally {
                  running.decrementAndGet();
                }
              }));
    }
    List<Map<String, Double>> samples = new ArrayList<>();
    long told = 0;
    while (running.get() > 0) {
      Thread.sleep(SAMPLE);
      Duration now = Duration.ofNanos(System.nanoTime() - start);
      long seconds = Math.min(now.toSeconds(), time.toSeconds());
      passed.accept(seconds - told);
      told = seconds;
      if (now.compareTo(time) < 0) samples.add(client.meters());
    }
    for (Thread t : threads) t.join();
    return report((System.nanoTime() - start) / 1e9, samples, settled());
  }

  private void ask(List<String> prompts, List<SoakClient.Answer> alone, Random random)
      throws InterruptedException {
    int which = random.nextInt(prompts.size());
    boolean leaves = random.nextDouble() < leave;
    int leaveAfter = leaves ? 1 + random.nextInt(8) : Integer.MAX_VALUE;
    long start = System.nanoTime();
    long[] last = {0};
    try {
      SoakClient.Answer a =
          client.stream(
              prompts.get(which),
              leaveAfter,
              now -> {
                if (last[0] == 0) {
                  firstMicros.add((int) ((now - start) / 1000));
                } else {
                  betweenMicros.add((int) ((now - last[0]) / 1000));
                }
                last[0] = now;
              });
      tokens.add(a.tokens());
      if (leaves && !a.done()) {
        left.increment();
        if (!alone.get(which).text().startsWith(a.text())) wrong(prompts.get(which), a);
      } else if (a.done() && a.equals(alone.get(which))) {
        whole.increment();
      } else {
        wrong(prompts.get(which), a);
      }
    } catch (SoakClient.Busy e) {
      refused.increment();
      Thread.sleep(200 + random.nextInt(800));
    } catch (IOException e) {
      failed.increment();
      if (examples.size() < 3) examples.add(String.valueOf(e.getMessage()));
      Thread.sleep(200);
    }
  }

  private void wrong(String prompt, SoakClient.Answer a) {
    wrong.increment();
    if (examples.size() < 3) examples.add(prompt + " → " + a);
  }

  /** Returns the meters once nothing runs any more, or when time is up. */
  private Map<String, Double> settled() throws IOException, InterruptedException {
    long end = System.nanoTime() + SETTLE.toNanos();
    while (true) {
      Map<String, Double> m = client.meters();
      boolean empty =
          m.getOrDefault("puna_batch_size", 0.0) == 0
              && m.getOrDefault("puna_queue_length", 0.0) == 0
              && m.getOrDefault("puna_cache_pages_held", 0.0) == 0;
      if (empty || System.nanoTime() - end > 0) return m;
      Thread.sleep(100);
    }
  }

  private SoakReport report(
      double seconds, List<Map<String, Double>> samples, Map<String, Double> atEnd) {
    int third = samples.size() / 3;
    return new SoakReport(
        streams,
        seconds,
        whole.sum(),
        wrong.sum(),
        failed.sum(),
        refused.sum(),
        left.sum(),
        tokens.sum() / seconds,
        SoakReport.Spread.of(firstMicros),
        SoakReport.Spread.of(betweenMicros),
        mean(samples, "puna_batch_size"),
        least(samples.subList(0, third), "jvm_memory_used_bytes"),
        least(samples.subList(samples.size() - third, samples.size()), "jvm_memory_used_bytes"),
        least(samples.subList(0, third), "puna_model_memory_bytes"),
        least(samples.subList(samples.size() - third, samples.size()), "puna_model_memory_bytes"),
        atEnd.getOrDefault("puna_batch_size", 0.0).intValue()
            + atEnd.getOrDefault("puna_queue_length", 0.0).intValue(),
        atEnd.getOrDefault("puna_cache_pages_held", 0.0).intValue(),
        List.copyOf(examples));
  }

  private static double mean(List<Map<String, Double>> samples, String meter) {
    return samples.stream().mapToDouble(s -> s.getOrDefault(meter, 0.0)).average().orElse(0);
  }

  /**
   * The least of a heap's sizes is nearest to what is really held: the rest is not collected yet.
   */
  private static long least(List<Map<String, Double>> samples, String meter) {
    return (long) samples.stream().mapToDouble(s -> s.getOrDefault(meter, 0.0)).min().orElse(0);
  }

  static double[] sorted(Iterable<Integer> values, int n) {
    double[] out = new double[n];
    int i = 0;
    for (int v : values) if (i < n) out[i++] = v;
    Arrays.sort(out);
    return out;
  }
}
