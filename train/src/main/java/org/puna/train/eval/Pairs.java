package org.puna.train.eval;

import java.util.Arrays;
import java.util.OptionalInt;
import org.puna.engine.Likelihoods;
import org.puna.model.config.BadInput;
import org.puna.model.tokenizer.Tokenizer;

/**
 * Encodes a context and its continuation so that their seam is where the harness has it: both
 * together, the continuation being what goes beyond the context's own tokens; spaces at the end of
 * the context belong to the continuation.
 *
 * @see "EleutherAI lm-evaluation-harness, TemplateLM._encode_pair"
 */
final class Pairs {
  private final Tokenizer tokenizer;
  private final OptionalInt begin;
  private final int prefix;

  Pairs(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    int[] empty = tokenizer.encodeWithSpecials("", false);
    OptionalInt bos = tokenizer.bos();
    boolean begins = bos.isPresent() && empty.length > 0 && empty[0] == bos.getAsInt();
    this.begin = begins ? bos : OptionalInt.empty();
    this.prefix = bos.isPresent() ? bos.getAsInt() : tokenizer.eos().orElse(-1);
  }

  Likelihoods.Query query(String context, String continuation) {
    String head = stripped(context);
    String tail = context.substring(head.length()) + continuation;
    int[] whole = encode(head + tail);
    int[] first = encode(head);
    if (first.length == 0) first = begin(new int[0]);
    int[] all = begin.isEmpty() && encode(head).length == 0 ? begin(whole) : whole;
    if (all.length <= first.length) {
      throw new BadInput("eval: the continuation '" + continuation + "' has no tokens of its own");
    }
    return new Likelihoods.Query(first, Arrays.copyOfRange(all, first.length, all.length));
  }

  /** Cuts off the white space at the end, of all that Unicode calls so. */
  static String stripped(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) end--;
    return text.substring(0, end);
  }

  /** Spaces that do not break a line count, unlike in Java's own method; so does the next line. */
  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  /** Returns a text's tokens, with the token that begins texts where the model wants one. */
  int[] encode(String text) {
    int[] ids = tokenizer.encode(text, false);
    if (begin.isEmpty()) return ids;
    return prepend(begin.getAsInt(), ids);
  }

  private int[] begin(int[] ids) {
    if (prefix < 0) {
      throw new BadInput(
          "eval: a text with no context needs a token that begins texts; the model" + " has none");
    }
    return prepend(prefix, ids);
  }

  /** Returns a text's tokens after a token that begins texts, in every model. */
  int[] encodeFromBegin(String text) {
    return begin(tokenizer.encode(text, false));
  }

  private static int[] prepend(int id, int[] ids) {
    int[] out = new int[ids.length + 1];
    out[0] = id;
    System.arraycopy(ids, 0, out, 1, ids.length);
    return out;
  }
}
