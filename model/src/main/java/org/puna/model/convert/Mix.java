package org.puna.model.convert;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.puna.model.config.BadInput;
import org.puna.model.io.Names;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/**
 * Types of whole files, as llama.cpp names and numbers them: most tensors have the base format,
 * those that matter more may have a finer one.
 */
public enum Mix {
  /** Single precision. */
  F32(0, BlockFormats.F32),
  /** Half precision. */
  F16(1, BlockFormats.F16),
  /** The upper half of single precision. */
  BF16(32, BlockFormats.BF16),
  /** 4.5 bits. */
  Q4_0(2, BlockFormats.Q4_0),
  /** 5 bits. */
  Q4_1(3, BlockFormats.Q4_1),
  /** 5.5 bits. */
  Q5_0(8, BlockFormats.Q5_0),
  /** 6 bits. */
  Q5_1(9, BlockFormats.Q5_1),
  /** 8.5 bits. */
  Q8_0(7, BlockFormats.Q8_0),
  /** About 3 bits. */
  Q2_K(10, BlockFormats.Q2_K),
  /** About 3.5 bits, small. */
  Q3_K_S(11, BlockFormats.Q3_K),
  /** About 3.9 bits, medium. */
  Q3_K_M(12, BlockFormats.Q3_K),
  /** About 4.2 bits, large. */
  Q3_K_L(13, BlockFormats.Q3_K),
  /** About 4.6 bits, small. */
  Q4_K_S(14, BlockFormats.Q4_K),
  /** About 4.8 bits, medium: a good choice for most. */
  Q4_K_M(15, BlockFormats.Q4_K),
  /** About 5.5 bits, small. */
  Q5_K_S(16, BlockFormats.Q5_K),
  /** About 5.7 bits, medium. */
  Q5_K_M(17, BlockFormats.Q5_K),
  /** 6.6 bits. */
  Q6_K(18, BlockFormats.Q6_K),
  /** 4.5 bits on uneven levels. */
  IQ4_NL(25, BlockFormats.IQ4_NL),
  /** 4.25 bits on uneven levels. */
  IQ4_XS(30, BlockFormats.IQ4_XS),
  /** 1.7 bits, for models trained with three values. */
  TQ1_0(36, BlockFormats.TQ1_0),
  /** 2.1 bits, for models trained with three values. */
  TQ2_0(37, BlockFormats.TQ2_0),
  /** Experts in 4.25 bits of small floats, the rest in Q8_0. */
  MXFP4_MOE(38, BlockFormats.MXFP4);

  private final int fileType;
  private final BlockFormat base;

  Mix(int fileType, BlockFormat base) {
    this.fileType = fileType;
    this.base = base;
  }

  /** Returns the number in the metadata key {@code general.file_type}. */
  public int fileType() {
    return fileType;
  }

  /** Returns the format of most tensors. */
  public BlockFormat base() {
    return base;
  }

  /** Returns whether numbers are stored one by one, not in blocks. */
  public boolean plain() {
    return base.blockElements() == 1;
  }

  /**
   * Returns the mix of a name in either case; {@code Q3_K}, {@code Q4_K}, {@code Q5_K} mean their
   * medium ones.
   *
   * @throws BadInput if there is none
   */
  public static Mix named(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    String full =
        switch (upper) {
          case "Q3_K", "Q4_K", "Q5_K" -> upper + "_M";
          case "MXFP4" -> "MXFP4_MOE";
          default -> upper;
        };
    return Arrays.stream(values())
        .filter(m -> m.name().equals(full))
        .findFirst()
        .orElseThrow(() ->
            new BadInput(
                "quantisation type: expected one of "
                    + Arrays.stream(values()).map(Mix::name).collect(Collectors.joining(", "))
                    + ", found "
                    + Names.quote(name)));
  }

  /** Returns the mix that a metadata value {@code general.file_type} means, where it is known. */
  public static Optional<Mix> ofFileType(int fileType) {
    return Arrays.stream(values()).filter(m -> m.fileType == fileType).findFirst();
  }
}
