package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * What a sequence of one or two texts begins, parts and ends with.
 *
 * @param single items for one text
 * @param pair items for two texts
 */
record Template(List<Item> single, List<Item> pair) {
  /** A part of a template. */
  sealed interface Item {
    /** Tokens of the template's own. */
    record Special(int[] ids, int typeId) implements Item {}

    /** The first text. */
    record First(int typeId) implements Item {}

    /** The second text. */
    record Second(int typeId) implements Item {}
  }

  Template {
    single = List.copyOf(single);
    pair = List.copyOf(pair);
  }

  /** Nothing is added. */
  static final Template PLAIN =
      new Template(List.of(new Item.First(0)), List.of(new Item.First(0), new Item.Second(1)));

  /** Each text gets ids before and after. */
  static Template around(int[] before, int[] after) {
    return new Template(
        List.of(new Item.Special(before, 0), new Item.First(0), new Item.Special(after, 0)),
        List.of(
            new Item.Special(before, 0),
            new Item.First(0),
            new Item.Special(after, 0),
            new Item.Special(before, 1),
            new Item.Second(1),
            new Item.Special(after, 1)));
  }

  /** This template's sequences as the texts of another. */
  Template inside(Template outer) {
    List<Item> one = new ArrayList<>();
    for (Item item : outer.single) {
      if (item instanceof Item.First) one.addAll(single);
      else one.add(item);
    }
    List<Item> two = new ArrayList<>();
    for (Item item : outer.pair) {
      switch (item) {
        case Item.Special special -> two.add(special);
        case Item.First text -> two.addAll(single);
        case Item.Second text -> two.add(text);
      }
    }
    return new Template(one, two);
  }

  /** Tokens before the first text, where there are some. */
  int[] before() {
    Ids ids = new Ids(4);
    for (Item item : single) {
      if (!(item instanceof Item.Special special)) break;
      ids.addAll(special.ids);
    }
    return ids.toArray();
  }

  /** Tokens after the only text, where there are some. */
  int[] after() {
    Ids ids = new Ids(4);
    boolean text = false;
    for (Item item : single) {
      if (item instanceof Item.Special special) {
        if (text) ids.addAll(special.ids);
      } else {
        text = true;
      }
    }
    return ids.toArray();
  }

  /** The whole sequence, the texts being encoded. */
  static Encoding fill(List<Item> items, int[] first, int[] second) {
    Ids ids = new Ids(first.length + second.length + 8);
    Ids types = new Ids(first.length + second.length + 8);
    for (Item item : items) {
      switch (item) {
        case Item.Special special -> append(ids, types, special.ids, special.typeId);
        case Item.First text -> append(ids, types, first, text.typeId);
        case Item.Second text -> append(ids, types, second, text.typeId);
      }
    }
    return new Encoding(ids.toArray(), types.toArray());
  }

  private static void append(Ids ids, Ids types, int[] more, int typeId) {
    ids.addAll(more);
    for (int i = 0; i < more.length; i++) types.add(typeId);
  }
}
