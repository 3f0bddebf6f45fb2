package org.puna.chat.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.puna.model.config.BadInput;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JsonSchemaTest {
  private static final JsonMapper JSON = new JsonMapper();

  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  /** Answers drawn for each schema and length. */
  private static final int ANSWERS = 40;

  private static Grammar compile(String schema) {
    return JsonSchema.compile(JSON.readTree(schema));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "true",
        "{\"type\":\"object\"}",
        "{\"type\":\"string\"}",
        "{\"type\":\"string\",\"minLength\":3,\"maxLength\":5}",
        "{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-\\\\d{3,5}$\"}",
        "{\"type\":\"string\",\"pattern\":\"a\\\"b|\\\\\\\\x\\\\n\"}",
        "{\"type\":\"string\",\"pattern\":\"[^a-z]\"}",
        "{\"type\":\"integer\"}",
        "{\"type\":\"number\"}",
        "{\"type\":\"integer\",\"minimum\":-17,\"maximum\":1234}",
        "{\"type\":\"integer\",\"exclusiveMinimum\":99,\"exclusiveMaximum\":101}",
        "{\"type\":\"integer\",\"minimum\":5}",
        "{\"type\":\"integer\",\"maximum\":-5}",
        "{\"type\":\"number\",\"minimum\":0.25,\"maximum\":0.5}",
        "{\"type\":\"number\",\"minimum\":-1.5,\"exclusiveMaximum\":10}",
        "{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":1}",
        "{\"type\":\"number\",\"minimum\":19.99,\"maximum\":20.01}",
        "{\"type\":[\"string\",\"null\"]}",
        "{\"enum\":[1,\"two\",null,[3],{\"four\":4}]}",
        "{\"const\":{\"a\":[1,\"x\\ny\"]}}",
        "{\"type\":\"array\",\"items\":{\"type\":\"boolean\"},\"minItems\":2,\"maxItems\":4}",
        "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"items\":false}",
        "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"}],\"items\":{\"type\":\"null\"},\"minItems\":3}",
        "{\"type\":\"array\",\"maxItems\":0}",
        "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":150}},\"required\":[\"name\",\"age\"],\"additionalProperties\":false}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"null\"},\"c\":{\"type\":\"boolean\"}},\"required\":[\"b\"]}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"ab\":{\"type\":\"integer\"}},\"additionalProperties\":{\"type\":\"string\"}}",
        "{\"type\":\"object\",\"required\":[\"x\",\"y\"]}",
        "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"number\"}}",
        "{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"v\"}},\"required\":[\"k\"]}]}",
        "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"a\"},\"n\":{\"type\":\"integer\"}},\"required\":[\"kind\",\"n\"]},{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"b\"}},\"required\":[\"kind\"]}]}",
        "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]},{\"properties\":{\"b\":{\"type\":\"null\"}},\"required\":[\"b\"]}]}",
        "{\"$defs\":{\"tree\":{\"type\":\"object\",\"properties\":{\"value\":{\"type\":\"integer\"},\"children\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/tree\"}}},\"required\":[\"value\",\"children\"],\"additionalProperties\":false}},\"$ref\":\"#/$defs/tree\"}",
        "{\"type\":\"object\",\"properties\":{\"next\":{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"null\"}]}},\"required\":[\"next\"],\"additionalProperties\":false}",
        "{\"type\":\"string\",\"format\":\"date\"}",
        "{\"type\":\"string\",\"format\":\"time\"}",
        "{\"type\":\"string\",\"format\":\"date-time\"}",
        "{\"type\":\"string\",\"format\":\"duration\"}",
        "{\"type\":\"string\",\"format\":\"email\"}",
        "{\"type\":\"string\",\"format\":\"hostname\"}",
        "{\"type\":\"string\",\"format\":\"ipv4\"}",
        "{\"type\":\"string\",\"format\":\"ipv6\"}",
        "{\"type\":\"string\",\"format\":\"uuid\"}",
        "{\"type\":\"string\",\"format\":\"uri\"}",
      })
  void randomAnswersParseAndValidate(String text) {
    JsonNode schemaNode = JSON.readTree(text);
    Schema schema = REGISTRY.getSchema(schemaNode);
    long seed = System.nanoTime();
    RandomAnswers answers = new RandomAnswers(JsonSchema.compile(schemaNode), seed);
    for (int i = 0; i < ANSWERS; i++) {
      String answer = answers.draw(i % 2 == 0 ? 400 : 90);
      var errors =
          schema.validate(
              answer,
              InputFormat.JSON,
              context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
      assertThat(errors).as("%s, seed %d: %s", text, seed, answer).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5", "-3", "0", "-17", "1234", "999",
      })
  void integersInsideARangeMatch(String number) {
    assertThat(
            RandomAnswers.matches(
                compile("{\"type\":\"integer\",\"minimum\":-17,\"maximum\":1234}"), number))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-18", "1235", "9999", "-100", "01", "1.0", "", "-"})
  void integersOutsideARangeDoNot(String number) {
    assertThat(
            RandomAnswers.matches(
                compile("{\"type\":\"integer\",\"minimum\":-17,\"maximum\":1234}"), number))
        .isFalse();
  }

  @Test
  void decimalsAreComparedDigitByDigit() {
    Grammar g = compile("{\"type\":\"number\",\"minimum\":0.25,\"exclusiveMaximum\":10.5}");
    for (String yes :
        new String[] {"0.25", "0.250", "0.3", "0.2501", "1", "9", "10", "10.0", "10.4", "10.49"}) {
      assertThat(RandomAnswers.matches(g, yes)).as(yes).isTrue();
    }
    for (String no :
        new String[] {
          "0", "0.2", "0.24", "0.249", "10.5", "10.50", "10.51", "11", "-1", "-0.3", "00.3"
        }) {
      assertThat(RandomAnswers.matches(g, no)).as(no).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"not\":{}} | #/not",
        "{\"type\":\"object\",\"properties\":{\"a/b\":{\"type\":\"object\",\"patternProperties\":{}}}}"
            + " | #/properties/a~1b/patternProperties",
        "{\"type\":\"array\",\"uniqueItems\":true} | #/uniqueItems",
        "{\"type\":\"widget\"} | #/type",
        "{\"$ref\":\"#/$defs/missing\"} | #/$ref",
        "{\"$ref\":\"http://example.org/x\"} | #/$ref",
        "{\"type\":\"integer\",\"minimum\":\"1\"} | #/minimum",
        "{\"type\":\"integer\",\"minimum\":5,\"maximum\":4} | #",
        "{\"type\":\"string\",\"pattern\":\"(?=a)\"} | #/pattern",
        "{\"type\":\"string\",\"pattern\":\"(a\"} | #/pattern",
        "{\"type\":\"string\",\"minLength\":-1} | #/minLength",
        "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]} | #/oneOf",
        "{\"enum\":[]} | #/enum",
        "{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":[\"b\"],\"additionalProperties\":false}"
            + " | #/required",
        "3 | #",
        "{\"$ref\":\"#defs\"} | #/$ref",
        "{\"anyOf\":[{\"$ref\":\"#defs\"}]} | #/anyOf/0/$ref",
        "{\"oneOf\":[{\"$ref\":\"#%\"},{\"type\":\"null\"}]} | #/oneOf",
        "{\"allOf\":{\"a\":{}}} | #/allOf",
        "{\"allOf\":[{\"$ref\":\"#defs\"}],\"type\":\"object\"} | #/type",
        "{\"required\":\"a\",\"allOf\":[{\"required\":[\"b\"]}]} | #/allOf/0/required",
        "{\"properties\":[],\"allOf\":[{\"properties\":{}}]} | #/allOf/0/properties",
      })
  void whatCannotBeSaidIsRefusedWithItsPath(String line) {
    String schema = line.substring(0, line.lastIndexOf(" | "));
    String path = line.substring(line.lastIndexOf(" | ") + 3);
    assertThatThrownBy(() -> compile(schema))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("schema: " + path + ":");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "false",
        "{\"$ref\":\"#\"}",
        "{\"$defs\":{\"a\":{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/a\"}},\"required\":[\"a\"]}},\"$ref\":\"#/$defs/a\"}",
      })
  void aSchemaThatNothingMeetsIsRefused(String schema) {
    assertThatThrownBy(() -> new Automaton(compile(schema))).isInstanceOf(BadInput.class);
  }
}
