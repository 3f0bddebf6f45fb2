package org.puna.train.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import org.puna.train.optim.Schedule;
import org.puna.train.tape.Recompute;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * What a run does: values by dotted key. A file says some of them, the command line overrides, and
 * {@link Dial} finds the rest.
 */
public final class Recipe {
  /** Refuses a key that is given twice, of which YAML would take the last. */
  private static final YAMLMapper STRICT =
      YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private static final String TOKENIZER = "tokenizer.file";
  private static final String WARMUP = "schedule.warmup";

  /** What a mistake on the command line begins with. */
  private static final String SET = "--set ";

  private final Map<String, Object> values;
  private final String source;

  /** Keys that were given one by one. */
  private final Set<String> sets = new HashSet<>();

  private Recipe(String source, Map<String, Object> values) {
    this.source = source;
    this.values = values;
  }

  /** Returns a recipe that says nothing. */
  public static Recipe empty() {
    return new Recipe("recipe", new LinkedHashMap<>());
  }

  /**
   * Reads a recipe.
   *
   * @throws BadInput if it is no YAML, or a key or value is not what it should be
   */
  public static Recipe read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new BadInput(file + ": no such recipe; name a .yaml file");
      }
      return parse(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a recipe's text.
   *
   * @param source where it is from, for errors
   * @throws BadInput if it is no YAML, or a key or value is not what it should be
   */
  static Recipe parse(String source, String yaml) {
    Recipe r = new Recipe(source, new LinkedHashMap<>());
    try {
      JsonNode root = STRICT.readTree(yaml);
      if (root.isMissingNode() || root.isNull()) return r;
      if (!root.isObject()) throw new BadInput(source + ": expected keys and values, found none");
      r.flatten("", root);
      return r;
    } catch (JacksonException e) {
      throw new BadInput(source + ": not YAML: " + JsonFault.said(e), e);
    }
  }

  /**
   * Takes from the recipe of the run in a folder what the dial would find from the number of steps
   * and what may not change when a run goes on: a longer run has the warmup that it began with, and
   * its texts need not be named again.
   */
  public void goOn(Path folder) {
    Path saved = folder.resolve("recipe.yaml");
    if (!Files.exists(saved)) return;
    Map<String, Object> before = read(saved).values;
    for (String key : List.of(WARMUP, "data.paths")) {
      Object v = before.get(key);
      if (v != null) otherwise(key, v);
    }
  }

  /**
   * Refuses sizes and a tokenizer where a model is given, which has its own.
   *
   * @param given the model
   * @throws BadInput if the recipe has one
   */
  public void refuseGiven(Path given) {
    if (has(TOKENIZER)) {
      throw new BadInput(
          TOKENIZER
              + ": the weights of "
              + given
              + " know their own tokenizer only; leave it out, or put a missing one beside them");
    }
    for (String key : values.keySet()) {
      if (key.startsWith("model.") || key.equals("depth")) {
        throw new BadInput(key + ": the sizes are those of " + given + "; leave it out");
      }
    }
  }

  /**
   * Refuses keys that mean nothing where the recipe is used.
   *
   * @param why they mean nothing, and what to do
   * @throws BadInput if one has a value
   */
  public void refuse(Predicate<String> unused, String why) {
    for (String key : values.keySet()) {
      if (unused.test(key)) throw new BadInput(where(key) + ": " + why);
    }
  }

  /**
   * Refuses keys that mean nothing where the recipe is used, but for those of a file: a saved one
   * has a value of every key.
   *
   * @param why they mean nothing, and what to do
   * @throws BadInput if one was given by itself
   */
  public void refuseSet(Predicate<String> unused, String why) {
    refuse(k -> sets.contains(k) && unused.test(k), why);
  }

  /**
   * Leaves out a key that means nothing to a run.
   *
   * @param usual the value that recipes of earlier runs hold though nobody chose it
   * @param why it means nothing, and what to do instead
   * @throws BadInput if it has another value
   */
  public void without(String key, Object usual, String why) {
    Object found = values.remove(key);
    if (found != null && !found.equals(usual)) {
      throw new BadInput(where(key) + ": " + why + "; leave it out");
    }
  }

  /** Returns the keys whose values differ from those of another recipe. */
  List<String> differences(Recipe other) {
    return Keys.all().keySet().stream()
        .filter(k -> !Objects.equals(values.get(k), other.values.get(k)))
        .toList();
  }

  private void flatten(String prefix, JsonNode node) {
    for (var e : node.properties()) {
      String key = prefix + e.getKey();
      if (e.getValue().isObject()) {
        flatten(key + ".", e.getValue());
        continue;
      }
      if (has(key)) throw new BadInput(source + ": " + key + " is given twice; leave one out");
      values.put(key, checked(source + ": ", key, e.getValue()));
    }
  }

  /**
   * Overrides a value; a list that is given more than once is all that was given.
   *
   * @param assignment {@code key=value}, the value as YAML has it
   * @throws BadInput if the key is unknown or the value of the wrong kind
   */
  public void set(String assignment) {
    int at = assignment.indexOf('=');
    if (at < 1) {
      throw new BadInput("--set " + assignment + ": expected key=value, such as optimizer.lr=1e-3");
    }
    String key = assignment.substring(0, at).strip();
    JsonNode node;
    try {
      node = YAMLMapper.shared().readTree(assignment.substring(at + 1));
    } catch (JacksonException e) {
      throw new BadInput("--set " + assignment + ": the value is not YAML", e);
    }
    Object v = checked(SET, key, node);
    boolean again = !sets.add(key);
    if (again && values.get(key) instanceof List<?> before && v instanceof List<?> more) {
      values.put(key, Stream.concat(before.stream(), more.stream()).toList());
    } else {
      values.put(key, v);
    }
  }

  /** Returns a value as it is kept. */
  private static Object checked(String where, String key, JsonNode value) {
    Keys.Key known = Keys.all().get(key);
    if (known == null) {
      String begin = where.equals(SET) ? "--set: " : where;
      throw new BadInput(begin + "unknown key " + key + "; " + near(key));
    }
    Object v = Values.of(where + key, known, value);
    if (key.equals("name") && v instanceof String s && s.isBlank()) {
      throw Values.wrong(where + key, "a name", value);
    }
    return v;
  }

  /** Says which keys an unknown one may have meant. */
  private static String near(String key) {
    String section = key.replaceAll("\\..*", "");
    String last = key.substring(key.lastIndexOf('.') + 1);
    Set<String> all = Keys.all().keySet();
    List<String> inSection = all.stream().filter(k -> k.startsWith(section + ".")).toList();
    if (!inSection.isEmpty()) return "known are " + String.join(", ", inSection);
    List<String> same = all.stream().filter(k -> k.endsWith("." + last)).toList();
    if (!same.isEmpty()) return "did you mean " + String.join(" or ", same) + "?";
    return "known are "
        + String.join(", ", all.stream().map(k -> k.replaceAll("\\..*", ".*")).distinct().toList())
        + "; docs/training.md lists all";
  }

  /** Returns where a value is from, with its key. */
  private String where(String key) {
    return (sets.contains(key) ? SET : source + ": ") + key;
  }

  /** Returns whether a key has a value. */
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** Gives a key a value where it has none: a Long, Double, Boolean, String or list of texts. */
  public void otherwise(String key, Object value) {
    if (!Keys.all().containsKey(key)) throw new IllegalArgumentException(key);
    values.putIfAbsent(key, value instanceof Integer i ? (Object) i.longValue() : value);
  }

  private Object value(String key) {
    Object v = values.get(key);
    if (v == null) throw new BadInput(where(key) + " is missing");
    return v;
  }

  /** Returns a whole number. */
  public long whole(String key) {
    return (Long) value(key);
  }

  /**
   * Returns a whole number in a range.
   *
   * @throws BadInput if it is outside
   */
  public int size(String key, int least, int most) {
    long v = whole(key);
    if (v < least || v > most) {
      throw new BadInput(where(key) + ": expected " + least + " to " + most + ", found " + v);
    }
    return (int) v;
  }

  /** Returns a number. */
  public double number(String key) {
    return (Double) value(key);
  }

  /** Returns true or false. */
  public boolean flag(String key) {
    return (Boolean) value(key);
  }

  /** Returns a text. */
  public String text(String key) {
    return (String) value(key);
  }

  /** Returns a list of texts. */
  public List<String> texts(String key) {
    List<String> out = new ArrayList<>();
    for (Object o : (List<?>) value(key)) out.add(String.valueOf(o));
    return out;
  }

  /**
   * Returns one of the names of an enumeration.
   *
   * @throws BadInput if it is none
   */
  public <E extends Enum<E>> E choice(String key, Class<E> type) {
    String v = text(key).toUpperCase(Locale.ROOT);
    for (E e : type.getEnumConstants()) if (e.name().equals(v)) return e;
    List<String> names = new ArrayList<>();
    for (E e : type.getEnumConstants()) names.add(e.name().toLowerCase(Locale.ROOT));
    throw new BadInput(
        where(key) + ": expected " + String.join(", ", names) + ", found " + text(key));
  }

  /** Returns the learning rates. */
  public Schedule schedule() {
    double peak = number("optimizer.lr");
    double floor = peak * number("schedule.floor");
    long steps = whole("steps");
    long warmup = whole("schedule.warmup");
    return switch (text("schedule.name")) {
      case "cosine" -> new Schedule.Cosine(peak, floor, warmup, steps);
      case "warmdown" -> new Schedule.Warmdown(peak, floor, warmup, warmdown(), steps);
      case "constant" -> new Schedule.Constant(peak, warmup);
      default -> throw new IllegalStateException(text("schedule.name"));
    };
  }

  /** The fall begins after the rise: it has what the warmup leaves of the run. */
  private long warmdown() {
    return Math.min(
        whole("schedule.warmdown"), Math.max(0, whole("steps") - whole("schedule.warmup")));
  }

  /** Says in a line where a run is too short for its schedule. */
  Optional<String> shortSchedule() {
    long steps = whole("steps");
    long warmup = whole("schedule.warmup");
    if (warmup > steps) {
      return Optional.of(
          "schedule.warmup: "
              + warmup
              + " steps are more than the run's "
              + steps
              + ", which ends while the learning rate rises");
    }
    long warmdown = whole("schedule.warmdown");
    if (!text("schedule.name").equals("warmdown") || warmdown() == warmdown) {
      return Optional.empty();
    }
    return Optional.of(
        "schedule.warmdown: of "
            + warmdown
            + " steps only "
            + warmdown()
            + " fit behind the warmup; the learning rate falls over these");
  }

  /** Returns what is computed again. */
  public Recompute recompute() {
    return choice("recompute", Recompute.class);
  }

  /** Returns the recipe as YAML, in the order of the known keys. */
  public String yaml() {
    Map<String, Object> root = new LinkedHashMap<>();
    for (String key : Keys.all().keySet()) {
      Optional.ofNullable(values.get(key)).ifPresent(v -> nest(root, key, v));
    }
    return YAMLMapper.builder()
        .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
        .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
        .build()
        .writeValueAsString(root);
  }

  private static void nest(Map<String, Object> root, String key, Object value) {
    int dot = key.indexOf('.');
    if (dot < 0) {
      root.put(key, value);
      return;
    }
    Object inner = root.computeIfAbsent(key.substring(0, dot), _ -> new LinkedHashMap<>());
    if (inner instanceof Map<?, ?> m) {
      @SuppressWarnings("unchecked") // made two lines above
      Map<String, Object> map = (Map<String, Object>) m;
      nest(map, key.substring(dot + 1), value);
    }
  }
}
