package org.puna.model.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A tokenizer as GGUF's metadata holds it; a component is the key {@code tokenizer.ggml.*} that its
 * description names. What a file leaves out is empty, and {@code Tokenizers} takes the default of
 * the model and pre-tokenizer.
 *
 * @param model {@code model}: {@code gpt2} (byte-level BPE), {@code llama} (SentencePiece BPE),
 *     {@code bert} (WordPiece), {@code t5} (Unigram)
 * @param pre {@code pre}: the pre-tokenizer of byte-level BPE, such as {@code llama-bpe}; empty
 *     where the file names none
 * @param tokens {@code tokens}: spelling of each id
 * @param scores {@code scores}: a score for each id, or none
 * @param kinds {@code token_type}: a kind for each id, or none where all are normal
 * @param merges {@code merges}: two spellings with a space between, best first; or none
 * @param specials the tokens with a meaning of their own
 * @param marks what is added to a text
 * @param precompiledCharsmap {@code precompiled_charsmap}: SentencePiece's normalisation table, or
 *     none
 */
public record Vocabulary(
    String model,
    String pre,
    List<String> tokens,
    float[] scores,
    TokenKind[] kinds,
    List<String> merges,
    Specials specials,
    Marks marks,
    byte[] precompiledCharsmap) {

  /** Copies the lists; {@code Tokenizers} checks that they fit each other. */
  public Vocabulary {
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
  }

  /**
   * A vocabulary with tokens and merges and nothing else said.
   *
   * @param model {@code gpt2}, {@code llama}, {@code bert} or {@code t5}
   * @param pre pre-tokenizer
   * @param tokens spelling of each id
   * @param merges two spellings with a space between, best first
   */
  public static Vocabulary of(String model, String pre, List<String> tokens, List<String> merges) {
    return new Vocabulary(
        model,
        pre,
        tokens,
        new float[0],
        new TokenKind[0],
        merges,
        Specials.NONE,
        Marks.UNSAID,
        new byte[0]);
  }

  /**
   * Tokens with a meaning of their own; each may be missing.
   *
   * @param bos {@code bos_token_id}: beginning of text; for BERT also the classifier's token
   * @param eos {@code eos_token_id}: end of text
   * @param eot {@code eot_token_id}: end of turn
   * @param eom {@code eom_token_id}: end of message, when a tool is called
   * @param unk {@code unknown_token_id}
   * @param sep {@code seperator_token_id} (GGUF spells it so)
   * @param pad {@code padding_token_id}
   * @param mask {@code mask_token_id}
   */
  public record Specials(
      OptionalInt bos,
      OptionalInt eos,
      OptionalInt eot,
      OptionalInt eom,
      OptionalInt unk,
      OptionalInt sep,
      OptionalInt pad,
      OptionalInt mask) {
    /** No special tokens. */
    public static final Specials NONE =
        new Specials(
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty());
  }

  /**
   * What is added to a text before it is encoded or after; empty where the file says nothing.
   *
   * @param addBos {@code add_bos_token}
   * @param addEos {@code add_eos_token}
   * @param addSpacePrefix {@code add_space_prefix}: SentencePiece puts a space before the text
   * @param removeExtraWhitespaces {@code remove_extra_whitespaces}: spaces at the ends go, runs
   *     become one
   */
  public record Marks(
      Optional<Boolean> addBos,
      Optional<Boolean> addEos,
      Optional<Boolean> addSpacePrefix,
      Optional<Boolean> removeExtraWhitespaces) {
    /** Nothing said. */
    public static final Marks UNSAID =
        new Marks(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /**
     * Says whether a text begins with BOS and ends with EOS, and nothing else.
     *
     * @param bos whether texts begin with BOS
     * @param eos whether texts end with EOS
     */
    public static Marks of(boolean bos, boolean eos) {
      return new Marks(Optional.of(bos), Optional.of(eos), Optional.empty(), Optional.empty());
    }
  }

  /**
   * Returns the kind of a token, normal where the file says nothing.
   *
   * @param id token id
   */
  public TokenKind kind(int id) {
    return id < kinds.length ? kinds[id] : TokenKind.NORMAL;
  }

  /**
   * Returns this vocabulary with other scores and kinds.
   *
   * @param scores a score for each id, or none
   * @param kinds a kind for each id, or none
   */
  public Vocabulary with(float[] scores, TokenKind[] kinds) {
    return new Vocabulary(
        model, pre, tokens, scores, kinds, merges, specials, marks, precompiledCharsmap);
  }

  /**
   * Returns this vocabulary with other special tokens and marks.
   *
   * @param specials tokens with a meaning of their own
   * @param marks what is added to a text
   */
  public Vocabulary with(Specials specials, Marks marks) {
    return new Vocabulary(
        model, pre, tokens, scores, kinds, merges, specials, marks, precompiledCharsmap);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Vocabulary v
        && model.equals(v.model)
        && pre.equals(v.pre)
        && tokens.equals(v.tokens)
        && Arrays.equals(scores, v.scores)
        && Arrays.equals(kinds, v.kinds)
        && merges.equals(v.merges)
        && specials.equals(v.specials)
        && marks.equals(v.marks)
        && Arrays.equals(precompiledCharsmap, v.precompiledCharsmap);
  }

  @Override
  public int hashCode() {
    return Objects.hash(model, pre, tokens, merges, specials, marks);
  }

  @Override
  public String toString() {
    return "Vocabulary[" + model + ", " + pre + ", " + tokens.size() + " tokens]";
  }
}
