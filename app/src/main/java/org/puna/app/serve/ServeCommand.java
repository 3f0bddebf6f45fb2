package org.puna.app.serve;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.puna.app.cli.Context;
import org.puna.app.cli.EnvironmentOptions;
import org.puna.app.cli.Failures;
import org.puna.app.cli.ModelStore;
import org.puna.app.cli.Settings;
import org.puna.app.cli.Version;
import org.puna.app.run.CacheOptions;
import org.puna.app.run.KernelOptions;
import org.puna.fleet.Catalogue;
import org.puna.fleet.InventoryReader;
import org.puna.fleet.estimate.CalibrationFile;
import org.puna.fleet.estimate.IterationModel;
import org.puna.fleet.page.FleetPage;
import org.puna.model.config.BadInput;
import org.puna.server.PunaServer;
import org.puna.server.ServerOptions;
import org.puna.server.access.ApiKey;
import org.puna.server.access.Keys;
import org.puna.server.http.Endpoint;
import org.puna.server.pages.FleetEndpoint;
import org.puna.server.plain.VersionEndpoint;
import org.puna.server.serving.ModelRegistry;
import org.puna.server.serving.ModelSpec;
import org.puna.server.serving.ServingOptions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Serves models over HTTP until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Answers over HTTP as OpenAI's API and Anthropic's messages do.",
      "Models are loaded when they are first asked for; a single one is loaded at the start.",
      "The server listens to this machine alone unless keys are set (`puna keys add NAME`, or",
      "PUNA_API_KEY in the environment). Ctrl-C lets running answers finish.",
      "Options may come from the environment, too: PUNA_SERVE_PORT is --port."
    },
    footer = {
      "",
      "Examples:",
      "  puna serve model.gguf",
      "  puna serve",
      "  puna serve big=models/70b.gguf small=models/1b.gguf --pin small --memory 48G",
      "  puna serve model.gguf --lora tales=runs/lora/adapter",
      "  puna serve model.gguf --host 0.0.0.0 --parallel 16 --queue 64",
      "",
      "  curl http://127.0.0.1:8080/v1/chat/completions \\",
      "    -d '{\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'"
    })
public final class ServeCommand implements Callable<Integer> {
  private static final double MEMORY_SHARE = 0.8;

  /** The chip that a fleet is counted in. */
  private static final String UNIT = "H100-80GB-SXM";

  private final Context context;
  private final EnvironmentOptions environment;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "[NAME=]MODEL",
      description =
          "Models to serve: a .gguf file, a folder, a name that `models list` shows, or `default`"
              + " (default: all that it shows, else `default`).")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "Address to listen on (default: ${DEFAULT-VALUE}).")
  private String host = "127.0.0.1";

  @Option(
      names = {"-p", "--port"},
      paramLabel = "N",
      description = "Port, 0 for a free one (default: ${DEFAULT-VALUE}).")
  private int port = 8080;

  @Option(
      names = "--keys",
      paramLabel = "FILE",
      description =
          "API keys that may use the server (default: keys.json in PUNA_HOME, if it is there).")
  private @Nullable Path keysFile;

  @Option(
      names = "--cors-origin",
      paramLabel = "ORIGIN",
      split = ",",
      hideParamSyntax = true,
      description = "Let web pages of this origin call the server; * for all. May be repeated.")
  private List<String> corsOrigins = new ArrayList<>();

  @Option(
      names = {"-c", "--ctx"},
      paramLabel = "N",
      description = "Positions of context; 0 for the default: the model's, 8192 at most.")
  private int contextLength;

  @Option(
      names = "--parallel",
      paramLabel = "N",
      description = "Answers that a model gives at the same time (default: ${DEFAULT-VALUE}).")
  private int parallel = 8;

  @Option(
      names = "--queue",
      paramLabel = "N",
      description = "Requests that wait for a model; more get a 429 (default: ${DEFAULT-VALUE}).")
  private int queue = 64;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description =
          "Memory of all loaded models together, such as 24G (default: 80%% of the machine's).")
  private @Nullable String memory;

  @Option(
      names = "--pin",
      paramLabel = "NAME",
      split = ",",
      hideParamSyntax = true,
      description = "Load this model at the start and never unload it. May be repeated.")
  private List<String> pinned = new ArrayList<>();

  @Option(
      names = "--deadline",
      paramLabel = "SECONDS",
      description = "Time that a request may take (default: ${DEFAULT-VALUE}).")
  private int deadlineSeconds = 1800;

  @Option(
      names = "--grace",
      paramLabel = "SECONDS",
      description =
          "Time that running answers have to finish at the end (default: ${DEFAULT-VALUE}).")
  private int graceSeconds = 20;

  @Option(
      names = "--body-limit",
      paramLabel = "SIZE",
      description = "Size of a request's body at most (default: ${DEFAULT-VALUE}).")
  private String bodyLimit = "32M";

  @Option(
      names = "--inventory",
      paramLabel = "FILE",
      description = "An inventory of accelerators, shown with plans under /fleet.")
  private @Nullable Path inventory;

  @Option(
      names = "--log-format",
      paramLabel = "FORMAT",
      description = "text, or json: an object a line, for programs (default: text).")
  private ServerLog.Format logFormat = ServerLog.Format.TEXT;

  @Mixin private AdaptedModels adapted = new AdaptedModels();

  @Mixin private CacheOptions cache = new CacheOptions();

  @Mixin private KernelOptions options = new KernelOptions();

  private ServeCommand(Context context, EnvironmentOptions environment) {
    this.context = context;
    this.environment = environment;
  }

  /** Returns the command, which takes from the environment what its command line leaves open. */
  public static CommandLine commandLine(Context context) {
    EnvironmentOptions environment =
        new EnvironmentOptions(Settings.SERVE, context.settings().serve());
    return new CommandLine(new ServeCommand(context, environment))
        .setDefaultValueProvider(environment);
  }

  @Override
  public Integer call() throws InterruptedException {
    try {
      return serve();
    } catch (BadInput e) {
      throw new BadInput(environment.named(String.valueOf(e.getMessage()), spec), e);
    }
  }

  private Integer serve() throws InterruptedException {
    ServerLog log = new ServerLog(context.console().err(), logFormat);
    Logger held = log.install();
    environment.unknown(spec).forEach(log::note);
    ServerOptions server = serverOptions();
    ModelRegistry registry = new ModelRegistry(specs(), servingOptions());
    CountDownLatch stopped = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Thread hook = new Thread(() -> waitFor(stopped, closed));
    Path keys = keysPath();
    try (PunaServer puna = new PunaServer(server, registry, pages(), log::request);
        KeysWatch _ =
            new KeysWatch(keys, this::keys, KeysWatch.USUAL, puna::replaceKeys, log::note)) {
      puna.start();
      Runtime.getRuntime().addShutdownHook(hook);
      StopSignals.install(() -> {
        log.note("stopping now: running answers end with an error");
        puna.hurry();
      });
      registry.loadPinned();
      log.note(
          "ready: http://"
              + shown(host)
              + ":"
              + puna.port()
              + "/v1 serves "
              + String.join(
                  ", ", registry.list().stream().map(ModelRegistry.Entry::name).toList()));
      stopped.await();
      log.note("stopping: running answers have " + graceSeconds + " s to finish");
    } finally {
      closed.countDown();
      // The logger keeps its level only while somebody holds it.
      Reference.reachabilityFence(held);
    }
    return Failures.DONE;
  }

  /** Tells the command that the process is to end, and lets it end when the server is closed. */
  private static void waitFor(CountDownLatch stopped, CountDownLatch closed) {
    stopped.countDown();
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Endpoint> pages() {
    List<Endpoint> out = new ArrayList<>(List.of(VersionEndpoint.of(Version.number())));
    if (inventory != null) {
      Catalogue chips = Catalogue.shipped();
      out.add(
          FleetEndpoint.of(
              new FleetPage(
                  InventoryReader.read(inventory, chips),
                  chips.get(UNIT, "serve"),
                  new IterationModel(CalibrationFile.cluster(chips)))));
    }
    return out;
  }

  private static String shown(String host) {
    return host.contains(":") ? "[" + host + "]" : host;
  }

  private ServerOptions serverOptions() {
    if (deadlineSeconds < 1) {
      throw new BadInput("--deadline: expected at least 1 second, found " + deadlineSeconds);
    }
    if (graceSeconds < 0) throw new BadInput("--grace: expected seconds, found " + graceSeconds);
    ServerOptions local = ServerOptions.local(port);
    return new ServerOptions(
        host,
        port,
        keys(),
        corsOrigins,
        Sizes.bytes("--body-limit", bodyLimit),
        local.headerLimit(),
        Duration.ofSeconds(deadlineSeconds),
        local.idle(),
        local.ping(),
        Duration.ofSeconds(graceSeconds));
  }

  private Path keysPath() {
    return keysFile == null ? KeysCommand.file(context.settings()) : keysFile;
  }

  private Keys keys() {
    Path file = keysPath();
    Keys keys = keysFile != null || Files.exists(file) ? Keys.read(file) : Keys.none();
    Optional<String> one = Optional.ofNullable(System.getenv("PUNA_API_KEY"));
    return one.filter(k -> !k.isBlank())
        .map(k -> keys.with(new ApiKey("PUNA_API_KEY", Keys.hash(k.strip()), null, null)))
        .orElse(keys);
  }

  private ServingOptions servingOptions() {
    long most =
        memory == null ? (long) (machineBytes() * MEMORY_SHARE) : Sizes.bytes("--memory", memory);
    return new ServingOptions(
        () -> options.backend(context.settings()),
        contextLength,
        parallel,
        queue,
        most,
        cache.type());
  }

  private static long machineBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  private List<ModelSpec> specs() {
    ModelStore store = context.store();
    List<ModelSpec> out = new ArrayList<>();
    if (models.isEmpty()) models = environment.arguments();
    if (models.isEmpty()) {
      store.list().forEach(e -> out.add(new ModelSpec(e.name(), e.path(), false)));
      if (out.isEmpty()) models = List.of("default");
    }
    for (String m : models) {
      int eq = m.indexOf('=');
      boolean named = eq > 0 && !exists(m);
      Path path = store.resolve(named ? m.substring(eq + 1) : m);
      boolean known = store.find(m).isPresent();
      boolean itself = known || m.equals("default");
      out.add(new ModelSpec(named ? m.substring(0, eq) : itself ? m : name(path), path, false));
    }
    if (!out.isEmpty()) out.addAll(adapted.of(out.getFirst()));
    for (String p : pinned) {
      if (out.stream().noneMatch(s -> s.name().equals(p))) {
        throw new BadInput(
            "--pin: expected one of "
                + String.join(", ", out.stream().map(ModelSpec::name).toList())
                + ", found '"
                + p
                + "'");
      }
    }
    boolean single = out.size() == 1;
    return out.stream().map(s -> s.withPinned(single || pinned.contains(s.name()))).toList();
  }

  private static boolean exists(String path) {
    try {
      return Files.exists(Path.of(path));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static String name(Path path) {
    Path last = path.toAbsolutePath().normalize().getFileName();
    String name = last == null ? "model" : last.toString();
    return name.endsWith(".gguf") ? name.substring(0, name.length() - ".gguf".length()) : name;
  }
}
