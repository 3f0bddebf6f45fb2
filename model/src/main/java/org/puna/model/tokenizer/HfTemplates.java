package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.puna.model.tokenizer.Template.Item;

/** The post-processors of {@code tokenizer.json}. */
final class HfTemplates {
  private HfTemplates() {}

  /**
   * Reads the template.
   *
   * @param json the post-processor
   * @param vocabSize ids are below this
   */
  static Template read(JsonAt json, int vocabSize) {
    if (json.isNothing()) return Template.PLAIN;
    String type = json.get("type").string();
    return switch (type) {
      case "ByteLevel" -> Template.PLAIN;
      case "TemplateProcessing" ->
          new Template(
              items(json, json.get("single"), vocabSize), items(json, json.get("pair"), vocabSize));
      case "BertProcessing" -> {
        Item cls = id(json.get("cls"), vocabSize, 0);
        yield new Template(
            List.of(cls, new Item.First(0), id(json.get("sep"), vocabSize, 0)),
            List.of(
                cls,
                new Item.First(0),
                id(json.get("sep"), vocabSize, 0),
                new Item.Second(1),
                id(json.get("sep"), vocabSize, 1)));
      }
      case "RobertaProcessing" -> {
        Item cls = id(json.get("cls"), vocabSize, 0);
        Item sep = id(json.get("sep"), vocabSize, 0);
        yield new Template(
            List.of(cls, new Item.First(0), sep),
            List.of(cls, new Item.First(0), sep, sep, new Item.Second(0), sep));
      }
      case "Sequence" -> {
        Template template = Template.PLAIN;
        for (JsonAt step : json.get("processors").list()) {
          Template next = read(step, vocabSize);
          if (!next.equals(Template.PLAIN)) template = template.inside(next);
        }
        yield template;
      }
      default -> throw json.get("type").bad("a known post-processor");
    };
  }

  /** A pair of a spelling and an id. */
  private static Item id(JsonAt json, int vocabSize, int typeId) {
    List<JsonAt> pair = json.list();
    if (pair.size() != 2) throw json.bad("a spelling and an id");
    return new Item.Special(new int[] {pair.get(1).integer(0, vocabSize - 1)}, typeId);
  }

  private static List<Item> items(JsonAt json, JsonAt list, int vocabSize) {
    List<Item> items = new ArrayList<>();
    for (JsonAt piece : list.list()) {
      JsonAt sequence = piece.get("Sequence");
      if (!sequence.isNothing()) {
        int typeId = sequence.get("type_id").integer(0, 1 << 20);
        items.add(
            switch (sequence.get("id").string()) {
              case "A" -> new Item.First(typeId);
              case "B" -> new Item.Second(typeId);
              default -> throw sequence.get("id").bad("A or B");
            });
        continue;
      }
      JsonAt special = piece.get("SpecialToken");
      JsonAt ids = json.get("special_tokens").get(special.get("id").string()).get("ids");
      List<JsonAt> numbers = ids.list();
      int[] out = new int[numbers.size()];
      for (int i = 0; i < out.length; i++) out[i] = numbers.get(i).integer(0, vocabSize - 1);
      items.add(new Item.Special(out, special.get("type_id").integer(0, 1 << 20)));
    }
    return items;
  }
}
