package org.puna.model.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.puna.model.config.BadInput;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which tokens have a meaning of their own in a Hugging Face folder: {@code tokenizer_config.json}
 * names them, {@code generation_config.json} and {@code config.json} number them. Any of these may
 * be missing.
 */
final class HfConfig {
  private static final long MOST_BYTES = 64L << 20;

  private final List<JsonAt> named;
  private final List<JsonAt> numbered;

  private HfConfig(List<JsonAt> named, List<JsonAt> numbered) {
    this.named = named;
    this.numbered = numbered;
  }

  /** No other files. */
  static final HfConfig NONE = new HfConfig(List.of(), List.of());

  /**
   * The special ids.
   *
   * @param bos beginning of text
   * @param eos end of text
   * @param unk unknown
   * @param sep between texts
   * @param pad padding
   * @param mask masked
   * @param ends all ids that end a generation
   * @param template what is added where the tokenizer itself adds nothing
   */
  record Special(
      OptionalInt bos,
      OptionalInt eos,
      OptionalInt unk,
      OptionalInt sep,
      OptionalInt pad,
      OptionalInt mask,
      int[] ends,
      Template template) {}

  /** Reads what a folder has. */
  static HfConfig of(Path folder) {
    List<JsonAt> named = new ArrayList<>();
    List<JsonAt> numbered = new ArrayList<>();
    ObjectMapper mapper = JsonMapper.builder().build();
    for (String name : List.of("tokenizer_config.json", "special_tokens_map.json")) {
      read(mapper, folder.resolve(name), named);
    }
    for (String name : List.of("generation_config.json", "config.json")) {
      read(mapper, folder.resolve(name), numbered);
    }
    return new HfConfig(named, numbered);
  }

  private static void read(ObjectMapper mapper, Path file, List<JsonAt> out) {
    if (!Files.isRegularFile(file)) return;
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new BadInput(file + ": expected at most " + MOST_BYTES + " bytes");
      }
      JsonNode node = mapper.readTree(Files.readAllBytes(file));
      out.add(new JsonAt(node, file.toString()));
    } catch (IOException e) {
      throw new BadInput(file + ": cannot be read: " + e, e);
    } catch (JacksonException e) {
      throw new BadInput(file + ": not JSON", e);
    }
  }

  /** The special ids of a vocabulary. */
  Special ids(List<String> tokens, Template template) {
    OptionalInt bos = id("bos_token", tokens);
    OptionalInt eos = id("eos_token", tokens);
    if (bos.isEmpty() && template.before().length == 1) {
      bos = OptionalInt.of(template.before()[0]);
    }
    if (eos.isEmpty() && template.after().length == 1) {
      eos = OptionalInt.of(template.after()[0]);
    }
    boolean addBos = flag("add_bos_token") && bos.isPresent();
    boolean addEos = flag("add_eos_token") && eos.isPresent();
    return new Special(
        bos,
        eos,
        id("unk_token", tokens),
        id("sep_token", tokens),
        id("pad_token", tokens),
        id("mask_token", tokens),
        ends(tokens.size()),
        addBos || addEos
            ? Template.around(
                addBos ? new int[] {bos.getAsInt()} : new int[0],
                addEos ? new int[] {eos.getAsInt()} : new int[0])
            : Template.PLAIN);
  }

  private boolean flag(String name) {
    for (JsonAt file : named) if (file.get(name).node().asBoolean(false)) return true;
    return false;
  }

  private OptionalInt id(String name, List<String> tokens) {
    for (JsonAt file : named) {
      JsonAt value = file.get(name);
      if (value.node().isObject()) value = value.get("content");
      if (!value.node().isString()) continue;
      int id = tokens.indexOf(value.string());
      if (id >= 0) return OptionalInt.of(id);
    }
    for (JsonAt file : numbered) {
      JsonNode value = file.get(name + "_id").node();
      if (value.isArray() && !value.isEmpty()) value = value.get(0);
      if (value.isIntegralNumber() && value.canConvertToInt()) {
        int id = value.asInt();
        if (id >= 0 && id < tokens.size()) return OptionalInt.of(id);
      }
    }
    return OptionalInt.empty();
  }

  private int[] ends(int size) {
    List<Integer> out = new ArrayList<>();
    for (JsonAt file : numbered) {
      JsonNode value = file.get("eos_token_id").node();
      if (value.isArray()) for (JsonNode item : value) add(item, size, out);
      else add(value, size, out);
    }
    return out.stream().mapToInt(Integer::intValue).toArray();
  }

  private static void add(JsonNode value, int size, List<Integer> out) {
    if (!value.isIntegralNumber() || !value.canConvertToInt()) return;
    if (value.asInt() >= 0 && value.asInt() < size) out.add(value.asInt());
  }
}
