package org.puna.model.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.puna.model.config.BadInput;

/**
 * Reads a tiktoken vocabulary: a line for each token, its bytes in Base64 and its rank. The special
 * tokens and the pre-tokenizer are not in the file; Meta publishes them with Llama 3 and Llama 4.
 */
final class TiktokenFile {
  /** Tokens of Llama 4's vocabulary without the special ones, by which its file is known. */
  private static final int LLAMA4_BASE = 200_000;

  private static final int LLAMA3_SPECIAL = 256;
  private static final int LLAMA4_SPECIAL = 2048;

  /** Tokens and bytes of one token that a file may have: far above any published one. */
  private static final int MOST_TOKENS = 1 << 22;

  private static final int LONGEST_TOKEN = 512;

  private TiktokenFile() {}

  /** Whether a file begins as tiktoken's do: Base64, a space, a number. */
  static boolean looksLike(byte[] file) {
    int space = -1;
    for (int i = 0; i < Math.min(file.length, LONGEST_TOKEN * 2); i++) {
      byte b = file[i];
      if (b == ' ' && space < 0 && i > 0) space = i;
      else if (b == '\n' || b == '\r') return space > 0 && i > space + 1;
      else if (space >= 0 ? !(b >= '0' && b <= '9') : !isBase64(b)) return false;
    }
    return space > 0 && file.length > space + 1;
  }

  private static boolean isBase64(byte b) {
    return (b >= '0' && b <= '9')
        || (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || b == '+'
        || b == '/'
        || b == '=';
  }

  /** Reads a file's content; its name is for errors. */
  static Tokenizer read(byte[] file, String name) {
    byte[][] base = parse(file, name);
    boolean llama4 = base.length == LLAMA4_BASE;
    List<String> special = llama4 ? llama4Special() : llama3Special();
    return tokenizer(base, special, llama4);
  }

  private static byte[][] parse(byte[] file, String name) {
    List<byte @Nullable []> tokens = new ArrayList<>();
    int line = 0;
    int count = 0;
    // Every rank below has a line, and a line has more bytes than this.
    int most = Math.min(MOST_TOKENS, file.length / 4 + 1);
    for (int p = 0; p < file.length; ) {
      int end = p;
      while (end < file.length && file[end] != '\n') end++;
      line++;
      int last = end > p && file[end - 1] == '\r' ? end - 1 : end;
      if (last > p) {
        int space = p;
        while (space < last && file[space] != ' ') space++;
        byte[] bytes = base64(file, p, space, name, line);
        int rank = rank(file, space + 1, last, most, name, line);
        while (tokens.size() <= rank) tokens.add(null);
        if (tokens.set(rank, bytes) != null) {
          throw new BadInput(name + ": line " + line + ": rank " + rank + " is there twice");
        }
        count++;
      }
      p = end + 1;
    }
    if (count == 0 || count != tokens.size()) {
      throw new BadInput(
          name
              + ": expected the ranks 0 to "
              + (tokens.size() - 1)
              + " once each, found "
              + count
              + " lines");
    }
    return tokens.toArray(byte[][]::new);
  }

  private static byte[] base64(byte[] file, int from, int to, String name, int line) {
    if (to - from > LONGEST_TOKEN * 2 || to == from) {
      throw new BadInput(
          name
              + ": line "
              + line
              + ": expected a token of 1 to "
              + LONGEST_TOKEN
              + " bytes in Base64, found "
              + (to - from)
              + " characters");
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(Arrays.copyOfRange(file, from, to));
      if (bytes.length > 0 && bytes.length <= LONGEST_TOKEN) return bytes;
    } catch (IllegalArgumentException e) {
      throw new BadInput(name + ": line " + line + ": the token is not Base64", e);
    }
    throw new BadInput(
        name + ": line " + line + ": expected a token of 1 to " + LONGEST_TOKEN + " bytes");
  }

  private static int rank(byte[] file, int from, int to, int most, String name, int line) {
    long rank = from < to ? 0 : -1;
    for (int i = from; i < to && rank >= 0 && rank < most; i++) {
      rank = file[i] >= '0' && file[i] <= '9' ? rank * 10 + file[i] - '0' : -1;
    }
    if (rank < 0 || rank >= most) {
      throw new BadInput(
          name
              + ": line "
              + line
              + ": expected a rank from 0 to "
              + (most - 1)
              + " after the token");
    }
    return (int) rank;
  }

  private static Tokenizer tokenizer(byte[][] base, List<String> special, boolean llama4) {
    ByteTable table = ByteTable.of(Arrays.asList(base));
    PairTable pairs = new PairTable(base.length * 2);
    for (int id = 0; id < base.length; id++) {
      byte[] token = base[id];
      for (int cut = 1; cut < token.length; cut++) {
        int left = table.get(token, 0, cut);
        int right = left < 0 ? -1 : table.get(token, cut, token.length);
        // Tiktoken joins whatever gives a token, the one of lowest rank first.
        if (right >= 0) pairs.put(left, right, id, id);
      }
    }
    List<String> tokens = new ArrayList<>(base.length + special.size());
    for (byte[] token : base) tokens.add(ByteAlphabet.spell(token));
    List<AddedTokens.Added> added = new ArrayList<>();
    TokenKind[] kinds = new TokenKind[base.length + special.size()];
    boolean[] hidden = new boolean[kinds.length];
    Arrays.fill(kinds, TokenKind.NORMAL);
    for (String token : special) {
      int id = tokens.size();
      tokens.add(token);
      added.add(AddedTokens.Added.of(token, id, true));
      kinds[id] = TokenKind.CONTROL;
      hidden[id] = true;
    }
    int bos = base.length;
    int eos = base.length + 1;
    int eot = base.length + special.indexOf(llama4 ? "<|eot|>" : "<|eot_id|>");
    int eom = base.length + special.indexOf(llama4 ? "<|eom|>" : "<|eom_id|>");
    int pad =
        base.length
            + special.indexOf(llama4 ? "<|finetune_right_pad|>" : "<|finetune_right_pad_id|>");
    return new Pipeline(
        new Pipeline.Parts(
            tokens,
            kinds,
            hidden,
            added,
            Normalizer.NONE,
            List.of(),
            List.of(llama4 ? Scanners.cased(3, true) : Scanners.words(3, false)),
            new BpeModel(table, base.length, pairs, BpeModel.Rules.byteLevel(true), false),
            Template.around(new int[] {bos}, new int[0]),
            Decoding.BYTE_LEVEL,
            OptionalInt.of(bos),
            OptionalInt.of(eos),
            new int[] {eos, eom, eot},
            () ->
                new Vocabulary(
                    "gpt2",
                    llama4 ? "llama4" : "llama-bpe",
                    tokens,
                    new float[0],
                    kinds,
                    merges(base, table),
                    new Vocabulary.Specials(
                        OptionalInt.of(bos),
                        OptionalInt.of(eos),
                        OptionalInt.of(eot),
                        OptionalInt.of(eom),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.of(pad),
                        OptionalInt.empty()),
                    Vocabulary.Marks.of(true, false),
                    new byte[0])));
  }

  /** All ways to make each token from two, in the order of rank, then of the left part. */
  private static List<String> merges(byte[][] base, ByteTable table) {
    List<String> merges = new ArrayList<>();
    for (byte[] token : base) {
      List<int[]> ways = new ArrayList<>();
      for (int cut = 1; cut < token.length; cut++) {
        int left = table.get(token, 0, cut);
        int right = left < 0 ? -1 : table.get(token, cut, token.length);
        if (right >= 0) ways.add(new int[] {left, right});
      }
      ways.sort((a, b) -> a[0] != b[0] ? Integer.compare(a[0], b[0]) : Integer.compare(a[1], b[1]));
      for (int[] way : ways) {
        merges.add(ByteAlphabet.spell(base[way[0]]) + " " + ByteAlphabet.spell(base[way[1]]));
      }
    }
    return merges;
  }

  private static List<String> llama3Special() {
    List<String> tokens =
        new ArrayList<>(
            List.of(
                "<|begin_of_text|>",
                "<|end_of_text|>",
                "<|reserved_special_token_0|>",
                "<|reserved_special_token_1|>",
                "<|finetune_right_pad_id|>",
                "<|step_id|>",
                "<|start_header_id|>",
                "<|end_header_id|>",
                "<|eom_id|>",
                "<|eot_id|>",
                "<|python_tag|>",
                "<|image|>"));
    reserve(tokens, "", 2, LLAMA3_SPECIAL - tokens.size());
    return tokens;
  }

  private static List<String> llama4Special() {
    List<String> tokens =
        new ArrayList<>(
            List.of(
                "<|begin_of_text|>",
                "<|end_of_text|>",
                "<|fim_prefix|>",
                "<|fim_middle|>",
                "<|fim_suffix|>",
                "<|header_start|>",
                "<|header_end|>",
                "<|eom|>",
                "<|eot|>",
                "<|step|>"));
    reserve(tokens, "text_post_train_", 0, 6);
    tokens.addAll(List.of("<|python_start|>", "<|python_end|>", "<|finetune_right_pad|>"));
    reserve(tokens, "text_post_train_", 8, 61);
    tokens.addAll(List.of("<|image_start|>", "<|image_end|>"));
    reserve(tokens, "vision_", 0, 2);
    tokens.addAll(List.of("<|tile_x_separator|>", "<|tile_y_separator|>"));
    reserve(tokens, "vision_", 2, 4);
    tokens.add("<|image|>");
    reserve(tokens, "vision_", 6, 1);
    tokens.add("<|patch|>");
    reserve(tokens, "vision_", 7, 1041);
    reserve(tokens, "reasoning_", 0, 8);
    tokens.addAll(List.of("<|reasoning_thinking_start|>", "<|reasoning_thinking_end|>"));
    reserve(tokens, "", 0, LLAMA4_SPECIAL - tokens.size());
    return tokens;
  }

  private static void reserve(List<String> tokens, String group, int first, int count) {
    for (int i = first; i < first + count; i++) {
      tokens.add("<|" + group + "reserved_special_token_" + i + "|>");
    }
  }
}
