package org.puna.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How the states of a text's tokens become one vector. */
public enum Pooling {
  /** Their mean. */
  MEAN(1),
  /** The first token's, which is {@code [CLS]} in BERT. */
  CLS(2),
  /** The last token's. */
  LAST(3),
  /** The largest of each column. */
  MAX(-1),
  /** Their sum divided by the root of their number. */
  MEAN_SQRT(-1),
  /** Their mean, the i-th token weighted by i, counted from 1. */
  WEIGHTED_MEAN(-1);

  private final int gguf;

  Pooling(int gguf) {
    this.gguf = gguf;
  }

  /** Returns llama.cpp's number in the metadata key {@code pooling_type}, where it has one. */
  public Optional<Integer> ggufType() {
    return gguf < 0 ? Optional.empty() : Optional.of(gguf);
  }

  /** Returns the pooling that a number in {@code pooling_type} means, where it is one. */
  public static Optional<Pooling> ofGgufType(int type) {
    return Arrays.stream(values()).filter(p -> p.gguf == type).findFirst();
  }

  /** Returns the pooling of a name in either case, {@code weighted-mean} or {@code lasttoken}. */
  public static Optional<Pooling> named(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[-_]", "");
    return switch (plain) {
      case "mean", "meantokens" -> Optional.of(MEAN);
      case "cls", "clstoken", "first" -> Optional.of(CLS);
      case "last", "lasttoken" -> Optional.of(LAST);
      case "max", "maxtokens" -> Optional.of(MAX);
      case "meansqrt", "meansqrtlentokens", "meansqrtlen" -> Optional.of(MEAN_SQRT);
      case "weightedmean", "weightedmeantokens" -> Optional.of(WEIGHTED_MEAN);
      default -> Optional.empty();
    };
  }
}
