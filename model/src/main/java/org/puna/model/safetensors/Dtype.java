package org.puna.model.safetensors;

import java.util.Optional;
import org.puna.tensor.quant.BlockFormat;
import org.puna.tensor.quant.BlockFormats;

/** The number types of safetensors, named as in the file. */
public enum Dtype {
  /** IEEE double. */
  F64(64),
  /** Signed, 64 bits. */
  I64(64),
  /** Unsigned, 64 bits. */
  U64(64),
  /** Complex of two IEEE singles. */
  C64(64),
  /** IEEE single. */
  F32(32),
  /** Signed, 32 bits. */
  I32(32),
  /** Unsigned, 32 bits. */
  U32(32),
  /** The upper half of an IEEE single. */
  BF16(16),
  /** IEEE half. */
  F16(16),
  /** Signed, 16 bits. */
  I16(16),
  /** Unsigned, 16 bits. */
  U16(16),
  /** Signed, 8 bits. */
  I8(8),
  /** Unsigned, 8 bits. */
  U8(8),
  /** One byte, 0 or 1. */
  BOOL(8),
  /** 8 bits, 4 of exponent. */
  F8_E4M3(8),
  /** 8 bits, 5 of exponent. */
  F8_E5M2(8),
  /** 8 bits of exponent. */
  F8_E8M0(8),
  /** 8 bits, 4 of exponent, without negative zero. */
  F8_E4M3FNUZ(8),
  /** 8 bits, 5 of exponent, without negative zero. */
  F8_E5M2FNUZ(8),
  /** 6 bits, 2 of exponent. */
  F6_E2M3(6),
  /** 6 bits, 3 of exponent. */
  F6_E3M2(6),
  /** 4 bits. */
  F4(4);

  private final int bits;

  Dtype(int bits) {
    this.bits = bits;
  }

  /** Returns the bits of one number. */
  public int bits() {
    return bits;
  }

  /** Returns the block format of these numbers, where Puna's tensors have one. */
  public Optional<BlockFormat> format() {
    return switch (this) {
      case F64 -> Optional.of(BlockFormats.F64);
      case F32 -> Optional.of(BlockFormats.F32);
      case BF16 -> Optional.of(BlockFormats.BF16);
      case F16 -> Optional.of(BlockFormats.F16);
      case I64 -> Optional.of(BlockFormats.I64);
      case I32 -> Optional.of(BlockFormats.I32);
      case I16 -> Optional.of(BlockFormats.I16);
      case I8 -> Optional.of(BlockFormats.I8);
      case U64, C64, U32, U16, U8, BOOL -> Optional.empty();
      case F8_E4M3, F8_E5M2, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ -> Optional.empty();
      case F6_E2M3, F6_E3M2, F4 -> Optional.empty();
    };
  }

  /** Returns the type of a block format, where safetensors has one. */
  public static Optional<Dtype> of(BlockFormat format) {
    for (Dtype d : values()) {
      if (d.format().isPresent() && d.format().get().equals(format)) return Optional.of(d);
    }
    return Optional.empty();
  }

  static Optional<Dtype> byName(String name) {
    for (Dtype d : values()) {
      if (d.name().equals(name)) return Optional.of(d);
    }
    return Optional.empty();
  }
}
