package org.puna.model.layers;

/** What a forward pass computes of the rows asked for. */
public enum Result {
  /** Scores of the next token: [M, V]. Decoders only. */
  LOGITS,
  /** What the last layer makes of a token, normalised: [M, D]. */
  HIDDEN,
  /** What a classification head says of a sequence, from its first row: [M, labels]. */
  SCORES
}
