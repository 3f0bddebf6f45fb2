package org.puna.checks.rules;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/**
 * The design's import table and habits as rules over compiled classes.
 *
 * @param root package of the house: {@code org.puna}, or the planted copy that breaks every rule
 */
record HouseRules(String root) {

  /** Rooms and the packages below {@code root} that each may import besides itself. */
  private static final Map<String, List<String>> TABLE = table();

  private static Map<String, List<String>> table() {
    Map<String, List<String>> t = new LinkedHashMap<>();
    t.put("tensor", List.of());
    t.put("cuda", List.of("tensor"));
    t.put("model", List.of("tensor"));
    t.put("fixtures", List.of("model"));
    t.put("engine", List.of("model", "tensor"));
    t.put("chat", List.of("engine", "model"));
    t.put("train", List.of("chat", "engine", "model", "tensor"));
    t.put("fleet", List.of("model.config"));
    t.put("langchain4j", List.of("chat", "engine", "model"));
    t.put("models", List.of());
    t.put("studio", List.of());
    t.put(
        "server",
        List.of(
            "tensor",
            "cuda",
            "model",
            "engine",
            "chat",
            "train",
            "fleet",
            "langchain4j",
            "models",
            "studio"));
    return t;
  }

  /** Types whose contents change, so that a static final field of them is still mutable state. */
  private static final Set<String> CONTAINERS =
      Set.of(
          "java.util.HashMap",
          "java.util.LinkedHashMap",
          "java.util.TreeMap",
          "java.util.ArrayList",
          "java.util.HashSet",
          "java.util.concurrent.ConcurrentHashMap",
          "java.util.concurrent.ConcurrentMap",
          "java.util.concurrent.CopyOnWriteArrayList",
          "java.util.concurrent.atomic.AtomicInteger",
          "java.util.concurrent.atomic.AtomicLong",
          "java.util.concurrent.atomic.AtomicBoolean",
          "java.util.concurrent.atomic.AtomicReference");

  /** Every rule by name. */
  Map<String, ArchRule> all() {
    Map<String, ArchRule> rules = new LinkedHashMap<>();
    TABLE.forEach((room, imports) -> rules.put(room + " imports its row only", row(room, imports)));
    rules.put("only app and checks import app", appIsOnTop());
    rules.put("tensor needs the JDK alone", tensorNeedsTheJdkAlone());
    rules.put("the Vector API stays in tensor.cpu.vector", vectorApiStaysInItsRoom());
    rules.put("the engine sees no text and no HTTP", engineSeesNoText());
    rules.put("nothing outside app writes to stdout", noStandardStreams());
    rules.put("nothing outside app ends the process", noExit());
    rules.put("no static mutable state", noStaticState());
    rules.put("packages of a module have no cycles", noCycles());
    rules.put("every package is null-marked", nullMarked());
    return rules;
  }

  private ArchRule row(String room, List<String> imports) {
    String[] allowed =
        Stream.concat(Stream.of(room), imports.stream())
            .map(p -> root + "." + p + "..")
            .toArray(String[]::new);
    DescribedPredicate<JavaClass> forbidden =
        resideInAPackage(root + "..")
            .and(DescribedPredicate.not(resideInAnyPackage(allowed)))
            .as("classes outside %s", String.join(", ", allowed));
    return noClasses()
        .that()
        .resideInAPackage(root + "." + room + "..")
        .should()
        .dependOnClassesThat(forbidden)
        .allowEmptyShould(true)
        .because("DESIGN's table lets " + room + " import " + imports + " only");
  }

  private ArchRule appIsOnTop() {
    return noClasses()
        .that()
        .resideOutsideOfPackage(root + ".app..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(root + ".app..")
        .because("app does the wiring, nothing wires app");
  }

  private ArchRule tensorNeedsTheJdkAlone() {
    return classes()
        .that()
        .resideInAPackage(root + ".tensor..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "",
            "java..",
            "com.sun.management..",
            "jdk.incubator.vector..",
            "org.jspecify..",
            root + ".tensor..")
        .because("the tensor room has no dependency (JSpecify's marks leave no trace at run time)");
  }

  private ArchRule vectorApiStaysInItsRoom() {
    return noClasses()
        .that()
        .resideOutsideOfPackage(root + ".tensor.cpu.vector..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator..")
        .because("every other class must load on a JVM without the incubator module");
  }

  private ArchRule engineSeesNoText() {
    return noClasses()
        .that()
        .resideInAPackage(root + ".engine..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            root + ".model.tokenizer..", root + ".model.chat..", "java.net..", "com.sun.net..")
        .allowEmptyShould(true)
        .because("token ids go in and token ids come out");
  }

  private ArchRule noStandardStreams() {
    return noClasses()
        .that()
        .resideOutsideOfPackage(root + ".app..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .because("results are returned, notes go to System.Logger; app owns the streams");
  }

  private ArchRule noExit() {
    return noClasses()
        .that()
        .resideOutsideOfPackage(root + ".app..")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .because("a library throws");
  }

  private ArchRule noStaticState() {
    return fields()
        .that()
        .areStatic()
        .and(describe("are written by a person", f -> !generated(f)))
        .should(
            new ArchCondition<>("be constant") {
              @Override
              public void check(JavaField f, ConditionEvents events) {
                boolean constant =
                    f.getModifiers().contains(JavaModifier.FINAL)
                        && !CONTAINERS.contains(f.getRawType().getName());
                events.add(
                    new SimpleConditionEvent(
                        f, constant, f.getFullName() + " is mutable static state"));
              }
            })
        .because("state belongs to an object that somebody made with new");
  }

  private static boolean generated(JavaField f) {
    return f.getModifiers().contains(JavaModifier.SYNTHETIC);
  }

  private ArchRule noCycles() {
    return slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass c) {
                return c.getPackageName().startsWith(root + ".")
                    ? SliceIdentifier.of(c.getPackageName())
                    : SliceIdentifier.ignore();
              }

              @Override
              public String getDescription() {
                return "packages";
              }
            })
        .should()
        .beFreeOfCycles();
  }

  private ArchRule nullMarked() {
    return classes()
        .that(describe("are written by a person", c -> !c.isAnonymousClass()))
        .should(
            new ArchCondition<>("live in a package whose package-info is @NullMarked") {
              @Override
              public void check(JavaClass c, ConditionEvents events) {
                boolean marked = c.getPackage().isAnnotatedWith(NullMarked.class);
                events.add(
                    new SimpleConditionEvent(
                        c,
                        marked,
                        c.getPackageName() + " has no @NullMarked package-info.java (" + c + ")"));
              }
            });
  }

  /** Rooms of the table that have classes among those given. */
  static Set<String> rooms(JavaClasses classes, String root) {
    return classes.stream()
        .map(JavaClass::getPackageName)
        .filter(p -> p.startsWith(root + "."))
        .map(p -> p.substring(root.length() + 1).split("\\.")[0])
        .collect(Collectors.toSet());
  }
}
