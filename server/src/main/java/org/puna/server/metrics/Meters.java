package org.puna.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.function.ToDoubleFunction;
import org.puna.engine.Engine;
import org.puna.server.http.InFlight;
import org.puna.server.http.RequestNotes;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ServedModel;

/**
 * The server's meters: times to the first token and between tokens, queue, batch, tokens, cache and
 * memory, per model.
 */
public final class Meters implements AutoCloseable {
  private static final Duration[] FIRST_TOKEN =
      millis(5, 20, 50, 100, 250, 500, 1000, 2500, 5000, 15000, 60000);
  private static final Duration[] WHOLE =
      millis(10, 50, 100, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000);
  private static final Duration[] BETWEEN =
      millis(1, 2, 5, 10, 20, 35, 50, 75, 100, 200, 500, 2000);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();

  /** Meters of a server's models and requests. */
  public Meters(ModelRegistry models, InFlight inFlight) {
    new JvmMemoryMetrics().bindTo(registry);
    gc.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    Gauge.builder("puna.requests.in.flight", inFlight, InFlight::count)
        .description("Requests that are being answered")
        .register(registry);
    for (ModelRegistry.Entry e : models.list()) {
      String name = e.name();
      gauge(models, name, "puna.model.loaded", "1 while the model is loaded", m -> 1);
      gauge(
          models,
          name,
          "puna.model.memory.bytes",
          "Weights, cache and buffers",
          ServedModel::bytes);
      load(
          models, name, "puna.queue.length", "Answers that wait for a place", Engine.Load::waiting);
      load(
          models, name, "puna.batch.size", "Answers that the model works on", Engine.Load::running);
      load(
          models,
          name,
          "puna.cache.pages.held",
          "Cache pages of running answers",
          Engine.Load::heldPages);
      load(
          models,
          name,
          "puna.cache.bytes",
          "Memory that the cache has taken",
          Engine.Load::cacheBytes);
      load(
          models, name, "puna.steps", "Steps of the model since it was loaded", Engine.Load::steps);
    }
  }

  private static Duration[] millis(int... of) {
    Duration[] out = new Duration[of.length];
    for (int i = 0; i < of.length; i++) out[i] = Duration.ofMillis(of[i]);
    return out;
  }

  private void load(
      ModelRegistry models,
      String name,
      String meter,
      String text,
      ToDoubleFunction<Engine.Load> of) {
    gauge(models, name, meter, text, m -> m.load().map(of::applyAsDouble).orElse(0.0));
  }

  private void gauge(
      ModelRegistry models,
      String name,
      String meter,
      String text,
      ToDoubleFunction<ServedModel> of) {
    Gauge.builder(
            meter,
            models,
            r ->
                r.find(name).flatMap(ModelRegistry.Entry::model).map(of::applyAsDouble).orElse(0.0))
        .description(text)
        .tag("model", name)
        .register(registry);
  }

  /** Counts an answered request. */
  public void request(String route, int status, long nanos, RequestNotes notes) {
    Timer.builder("puna.request")
        .description("Time of a request")
        .tag("route", route)
        .tag("status", Integer.toString(status))
        .serviceLevelObjectives(WHOLE)
        .register(registry)
        .record(Duration.ofNanos(nanos));
    if (notes.model().isEmpty()) return;
    String model = notes.model().get();
    tokens(model, "prompt", notes.promptTokens() - notes.cachedTokens());
    tokens(model, "cached", notes.cachedTokens());
    tokens(model, "generated", notes.answerTokens());
    if (notes.ttftNanos() >= 0) {
      Timer.builder("puna.ttft")
          .description("Time from request to first token")
          .tag("model", model)
          .serviceLevelObjectives(FIRST_TOKEN)
          .register(registry)
          .record(Duration.ofNanos(notes.ttftNanos()));
    }
    if (notes.answerTokens() > 1) {
      Timer.builder("puna.inter.token")
          .description("Time between two tokens, the mean of an answer")
          .tag("model", model)
          .serviceLevelObjectives(BETWEEN)
          .register(registry)
          .record(Duration.ofNanos(notes.decodeNanos() / (notes.answerTokens() - 1)));
    }
  }

  private void tokens(String model, String kind, int n) {
    Counter.builder("puna.tokens")
        .description("Tokens: of prompts computed, of prompts found in the cache, generated")
        .tag("model", model)
        .tag("kind", kind)
        .register(registry)
        .increment(n);
  }

  /** Returns the registry, for meters of others. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Returns all meters as text. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }
}
