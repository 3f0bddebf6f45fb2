package org.puna.checks.rules;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class HouseRulesTest {
  private static final String PLANTED = "org.puna.checks.planted";

  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.puna")
          .that(resideOutsideOfPackage("org.puna.checks.."));

  private static final JavaClasses BROKEN = new ClassFileImporter().importPackages(PLANTED);

  @TestFactory
  Stream<DynamicTest> theHouseKeepsEveryRule() {
    return new HouseRules("org.puna")
        .all().entrySet().stream()
            .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> e.getValue().check(HOUSE)));
  }

  @TestFactory
  Stream<DynamicTest> aPlantedClassBreaksEveryRule() {
    return new HouseRules(PLANTED)
        .all().entrySet().stream()
            .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> assertBroken(e.getValue())));
  }

  private static void assertBroken(ArchRule rule) {
    assertThatThrownBy(() -> rule.check(BROKEN))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("was violated")
        .hasMessageContaining(PLANTED);
  }

  @Test
  void theRulesSeeTheWholeHouse() {
    assertThat(HouseRules.rooms(HOUSE, "org.puna")).contains("tensor", "model");
    assertThat(HOUSE.stream().map(c -> c.getPackageName()))
        .as("tests and planted classes must not count as the house")
        .noneMatch(p -> p.startsWith("org.puna.checks"));
  }
}
