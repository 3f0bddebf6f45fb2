package org.puna.tensor.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlockFormatsTest {
  @Test
  void namesAndIdsAreUniqueAndFound() {
    Set<String> names = new HashSet<>();
    Set<Integer> ids = new HashSet<>();
    for (BlockFormat f : BlockFormats.all()) {
      assertThat(names.add(f.name())).isTrue();
      assertThat(ids.add(f.id())).isTrue();
      assertThat(BlockFormats.byId(f.id())).contains(f);
      assertThat(BlockFormats.byName(f.name().toLowerCase(Locale.ROOT))).contains(f);
    }
    assertThat(BlockFormats.all()).hasSize(23);
    assertThat(BlockFormats.byId(4)).isEmpty();
    assertThat(BlockFormats.byName("Q9_Z")).isEmpty();
  }

  /** Numbers from ggml's table of types. */
  @ParameterizedTest
  @CsvSource({
    "F32,0,1,4",
    "F16,1,1,2",
    "Q4_0,2,32,18",
    "Q4_1,3,32,20",
    "Q5_0,6,32,22",
    "Q5_1,7,32,24",
    "Q8_0,8,32,34",
    "Q2_K,10,256,84",
    "Q3_K,11,256,110",
    "Q4_K,12,256,144",
    "Q5_K,13,256,176",
    "Q6_K,14,256,210",
    "IQ4_NL,20,32,18",
    "IQ4_XS,23,256,136",
    "I8,24,1,1",
    "I16,25,1,2",
    "I32,26,1,4",
    "I64,27,1,8",
    "F64,28,1,8",
    "BF16,30,1,2",
    "TQ1_0,34,256,54",
    "TQ2_0,35,256,66",
    "MXFP4,39,32,17"
  })
  void layoutIsGgmls(String name, int id, int elements, int bytes) {
    BlockFormat f = BlockFormats.byName(name).orElseThrow();
    assertThat(f.id()).isEqualTo(id);
    assertThat(f.blockElements()).isEqualTo(elements);
    assertThat(f.blockBytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aNumberThatNoScaleHoldsIsNamed(float bad) {
    for (BlockFormat f : BlockFormats.all()) {
      if (!f.canEncode() || f.blockElements() == 1) continue;
      float[] x = new float[3 * f.blockElements()];
      int position = 2 * f.blockElements() + 5;
      x[position] = bad;
      MemorySegment out = MemorySegment.ofArray(new byte[(int) f.bytes(x.length)]);
      assertThatThrownBy(() -> f.encode(x, 0, x.length, out, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(f.name())
          .hasMessageContaining("number " + position + " ")
          .hasMessageContaining(Float.toString(bad));
    }
  }

  @Test
  void plainTypesStoreEverything() {
    float[] x = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f};
    for (String name : new String[] {"F64", "F32", "F16", "BF16"}) {
      BlockFormat f = BlockFormats.byName(name).orElseThrow();
      assertThat(roundTrip(f, x)).containsExactly(x);
    }
  }

  @Test
  void integersAreOnlyRead() {
    float[] out = new float[1];
    byte[] minusTwo = {-2, -1, -1, -1, -1, -1, -1, -1};
    for (String name : new String[] {"I8", "I16", "I32", "I64"}) {
      BlockFormat f = BlockFormats.byName(name).orElseThrow();
      f.decode(MemorySegment.ofArray(minusTwo), 0, out, 0, 1);
      assertThat(out[0]).isEqualTo(-2);
      assertThat(f.canEncode()).isFalse();
      assertThatThrownBy(() -> f.encode(out, 0, 1, MemorySegment.ofArray(minusTwo), 0))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  /** The reference's roundings where they are not obvious, worked out by hand. */
  @ParameterizedTest
  @CsvSource({
    // 2^-24 is the smallest half; half of it ties to even, which is 0; a little more rounds up.
    "F16, 0x1p-24, 0100",
    "F16, 0x1p-25, 0000",
    "F16, 0x1.8p-25, 0100",
    "F16, -0x1p-26, 0080",
    "F16, 65519.996, ff7b",
    "F16, 65520, 007c",
    "F16, 1.00048828125, 003c",
    "F16, NaN, 007e",
    "BF16, 1.00390625, 803f",
    "BF16, 1.01171875, 823f",
    "BF16, -1.00390637, 81bf",
    "BF16, 3.4e38, 807f",
    "BF16, 0x1p-149, 0000",
    "BF16, NaN, c07f"
  })
  void sixteenBitRoundings(String name, float x, String bytes) {
    BlockFormat f = BlockFormats.byName(name).orElseThrow();
    assertThat(HexFormat.of().formatHex(encode(f, new float[] {x}))).isEqualTo(bytes);
  }

  @Test
  void everySixteenBitNumberComesBack() {
    for (String name : new String[] {"F16", "BF16"}) {
      BlockFormat f = BlockFormats.byName(name).orElseThrow();
      for (int bits = 0; bits < 0x10000; bits++) {
        byte[] in = {(byte) bits, (byte) (bits >> 8)};
        float[] x = new float[1];
        f.decode(MemorySegment.ofArray(in), 0, x, 0, 1);
        if (Float.isNaN(x[0])) assertThat(roundTrip(f, x)[0]).isNaN();
        else assertThat(encode(f, x)).isEqualTo(in);
      }
    }
  }

  /** RowScratch of zero blocks keep the sign that the reference's division gives them. */
  @ParameterizedTest
  @CsvSource({
    "Q4_0, 0, 0080",
    "Q4_0, -0, 0000",
    "Q5_0, 0, 0080",
    "Q8_0, -0, 0000",
    "Q4_1, 0, 00000000",
    "Q4_1, -0, 00000080",
    "MXFP4, 0, 0000",
    "TQ2_0, 0, 5555"
  })
  void zeroBlocks(String name, float zero, String start) {
    BlockFormat f = BlockFormats.byName(name).orElseThrow();
    float[] x = new float[f.blockElements()];
    Arrays.fill(x, zero);
    assertThat(HexFormat.of().formatHex(encode(f, x))).startsWith(start);
    for (float v : roundTrip(f, x)) assertThat(v == 0).isTrue();
  }

  /** A scale whose inverse overflows: the reference narrows the infinite codes to 0. */
  @Test
  void tiniestNumbers() {
    float[] x = new float[32];
    x[3] = 0x1p-140f;
    byte[] q8 = encode(BlockFormats.Q8_0, x);
    assertThat(q8).containsOnly(0);
    byte[] q4 = encode(BlockFormats.Q4_0, x);
    assertThat(q4[2 + 3] & 15).isZero();
    byte[] mx = encode(BlockFormats.MXFP4, x);
    // floor(log2) − 2 + 127 = −15, narrowed to a byte.
    assertThat(mx[0] & 0xff).isEqualTo(241);
  }

  @Test
  void wholeBlocksAndLengthsAreChecked() {
    float[] x = new float[64];
    MemorySegment bytes = MemorySegment.ofArray(new byte[68]);
    BlockFormat f = BlockFormats.Q8_0;
    assertThatThrownBy(() -> f.decode(bytes, 0, x, 0, 33))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> f.encode(x, 0, 33, bytes, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> f.decode(bytes, 1, x, 0, 64))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> f.decode(bytes, 0, x, 1, 64))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> f.encode(x, 0, 64, bytes, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> f.encode(x, 1, 64, bytes, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> f.bytes(Long.MAX_VALUE / 32 * 32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("overflows");
  }

  static byte[] encode(BlockFormat f, float[] x) {
    byte[] out = new byte[(int) f.bytes(x.length)];
    f.encode(x, 0, x.length, MemorySegment.ofArray(out), 0);
    return out;
  }

  static float[] roundTrip(BlockFormat f, float[] x) {
    float[] back = new float[x.length];
    f.decode(MemorySegment.ofArray(encode(f, x)), 0, back, 0, back.length);
    return back;
  }
}
