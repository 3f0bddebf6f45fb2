package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.puna.model.config.BadInput;
import org.puna.model.config.JsonFault;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The content of a {@code tokenizer.json}: the large lists as such, everything else as a tree.
 * Lists of hundreds of thousands of merges as trees would take ten times their size.
 */
final class HfJson {
  /** Tokens and merges that a file may have: far above any published one. */
  private static final int MOST = 1 << 23;

  private final String file;
  private final ObjectMapper mapper = JsonMapper.builder().build();

  /** Everything but the lists. */
  final ObjectNode top;

  /** The model's fields but the lists. */
  final ObjectNode model;

  /** Spelling to id, of BPE, WordPiece and WordLevel. */
  final Map<String, Integer> vocab = new HashMap<>();

  /** Pieces of a Unigram model in the order of their ids, and their scores. */
  final List<String> pieces = new ArrayList<>();

  final List<Double> scores = new ArrayList<>();

  /** Left and right part of each merge in turn. */
  final List<String> merges = new ArrayList<>();

  private HfJson(String file) {
    this.file = file;
    top = mapper.createObjectNode();
    model = mapper.createObjectNode();
  }

  static HfJson read(byte[] content, String file) {
    HfJson json = new HfJson(file);
    try (JsonParser in = json.mapper.createParser(content)) {
      json.expect(in, in.nextToken(), JsonToken.START_OBJECT, "an object");
      while (in.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = in.currentName();
        JsonToken value = in.nextToken();
        if (name.equals("model") && value == JsonToken.START_OBJECT) json.model(in);
        else json.top.set(name, in.<JsonNode>readValueAsTree());
      }
      if (in.nextToken() != null) throw json.bad(in, "nothing after the object");
    } catch (JacksonException e) {
      throw new BadInput(file + ": not JSON: " + said(e), e);
    }
    return json;
  }

  private static String said(JacksonException e) {
    String where = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
    return JsonFault.said(e) + where;
  }

  private void model(JsonParser in) {
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = in.currentName();
      JsonToken value = in.nextToken();
      if (name.equals("vocab") && value == JsonToken.START_OBJECT) vocab(in);
      else if (name.equals("vocab") && value == JsonToken.START_ARRAY) pieces(in);
      else if (name.equals("merges") && value == JsonToken.START_ARRAY) merges(in);
      else model.set(name, in.<JsonNode>readValueAsTree());
    }
  }

  private void vocab(JsonParser in) {
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String token = Utf8.wellFormed(in.currentName());
      if (in.nextToken() != JsonToken.VALUE_NUMBER_INT) {
        throw bad(in, "an id in model.vocab");
      }
      long id = in.getLongValue();
      if (id < 0 || id >= MOST || vocab.size() >= MOST) {
        throw bad(in, "an id from 0 to " + (MOST - 1) + " in model.vocab");
      }
      vocab.put(token, (int) id);
    }
  }

  private void pieces(JsonParser in) {
    while (in.nextToken() != JsonToken.END_ARRAY) {
      expect(in, in.currentToken(), JsonToken.START_ARRAY, "a piece and its score in model.vocab");
      expect(in, in.nextToken(), JsonToken.VALUE_STRING, "a piece in model.vocab");
      pieces.add(Utf8.wellFormed(in.getString()));
      JsonToken number = in.nextToken();
      if (number != JsonToken.VALUE_NUMBER_FLOAT && number != JsonToken.VALUE_NUMBER_INT) {
        throw bad(in, "a score in model.vocab");
      }
      scores.add(in.getDoubleValue());
      expect(in, in.nextToken(), JsonToken.END_ARRAY, "two elements in a piece of model.vocab");
      if (pieces.size() > MOST) throw bad(in, "fewer pieces in model.vocab");
    }
  }

  private void merges(JsonParser in) {
    JsonToken token = in.nextToken();
    while (token != JsonToken.END_ARRAY) {
      if (token == JsonToken.VALUE_STRING) {
        String merge = Utf8.wellFormed(in.getString());
        int space = merge.indexOf(' ');
        if (space < 0 || merge.indexOf(' ', space + 1) >= 0) {
          throw bad(in, "two parts with a space between in model.merges");
        }
        merges.add(merge.substring(0, space));
        merges.add(merge.substring(space + 1));
      } else {
        expect(in, token, JsonToken.START_ARRAY, "a pair in model.merges");
        for (int i = 0; i < 2; i++) {
          expect(in, in.nextToken(), JsonToken.VALUE_STRING, "two strings in model.merges");
          merges.add(Utf8.wellFormed(in.getString()));
        }
        expect(in, in.nextToken(), JsonToken.END_ARRAY, "two strings in model.merges");
      }
      if (merges.size() > 2 * MOST) throw bad(in, "fewer model.merges");
      token = in.nextToken();
    }
  }

  private void expect(JsonParser in, JsonToken found, JsonToken expected, String what) {
    if (found != expected) throw bad(in, what);
  }

  private BadInput bad(JsonParser in, String expected) {
    return new BadInput(
        file + ": line " + in.currentLocation().getLineNr() + ": expected " + expected);
  }
}
