package org.puna.tensor.quant;

import java.util.List;
import java.util.Optional;

/** Every block format that Puna reads, in one list. A new format is one class and a line here. */
public final class BlockFormats {
  /** Single precision. */
  public static final BlockFormat F32 = new F32();

  /** Half precision. */
  public static final BlockFormat F16 = new F16();

  /** The upper half of single precision. */
  public static final BlockFormat BF16 = new BF16();

  /** Double precision. */
  public static final BlockFormat F64 = new F64();

  /** Signed 8-bit integers; decodes only. */
  public static final BlockFormat I8 = new I8();

  /** Signed 16-bit integers; decodes only. */
  public static final BlockFormat I16 = new I16();

  /** Signed 32-bit integers; decodes only. */
  public static final BlockFormat I32 = new I32();

  /** Signed 64-bit integers; decodes only. */
  public static final BlockFormat I64 = new I64();

  /** 4.5 bits a number: a scale for 32. */
  public static final BlockFormat Q4_0 = new Q4_0();

  /** 5 bits: a scale and a minimum for 32. */
  public static final BlockFormat Q4_1 = new Q4_1();

  /** 5.5 bits: a scale for 32. */
  public static final BlockFormat Q5_0 = new Q5_0();

  /** 6 bits: a scale and a minimum for 32. */
  public static final BlockFormat Q5_1 = new Q5_1();

  /** 8.5 bits: a scale for 32. */
  public static final BlockFormat Q8_0 = new Q8_0();

  /** 2.625 bits: scales and minima for 16 in 256. */
  public static final BlockFormat Q2_K = new Q2_K();

  /** 3.4375 bits: scales for 16 in 256. */
  public static final BlockFormat Q3_K = new Q3_K();

  /** 4.5 bits: scales and minima for 32 in 256. */
  public static final BlockFormat Q4_K = new Q4_K();

  /** 5.5 bits: scales and minima for 32 in 256. */
  public static final BlockFormat Q5_K = new Q5_K();

  /** 6.5625 bits: scales for 16 in 256. */
  public static final BlockFormat Q6_K = new Q6_K();

  /** 4.5 bits: uneven levels, a scale for 32. */
  public static final BlockFormat IQ4_NL = new IQ4_NL();

  /** 4.25 bits: uneven levels, scales for 32 in 256. */
  public static final BlockFormat IQ4_XS = new IQ4_XS();

  /** 4.25 bits: small floats, a power of two for 32. */
  public static final BlockFormat MXFP4 = new MXFP4();

  /** 1.6875 bits: −1, 0, 1 and a scale for 256. */
  public static final BlockFormat TQ1_0 = new TQ1_0();

  /** 2.0625 bits: −1, 0, 1 and a scale for 256. */
  public static final BlockFormat TQ2_0 = new TQ2_0();

  private static final List<BlockFormat> ALL =
      List.of(
          F32, F16, BF16, F64, I8, I16, I32, I64, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K,
          Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4, TQ1_0, TQ2_0);

  private BlockFormats() {}

  /** Returns all formats, plain types first. */
  public static List<BlockFormat> all() {
    return ALL;
  }

  /** Returns the format of ggml's type number, empty where Puna does not know it. */
  public static Optional<BlockFormat> byId(int id) {
    return ALL.stream().filter(f -> f.id() == id).findFirst();
  }

  /** Returns the format of ggml's type name, in either case, empty where Puna does not know it. */
  public static Optional<BlockFormat> byName(String name) {
    return ALL.stream().filter(f -> f.name().equalsIgnoreCase(name)).findFirst();
  }
}
