package org.puna.tensor.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class BlockFormatPropertiesTest {
  private static final float GUARD = 12345.678f;

  /**
   * The largest distance of a round trip, as a share of the largest number of the block, of formats
   * with one scale: half a step, one more for codes cut at the positive end, and the rounding of
   * the scale to half precision.
   */
  private static final float[] STEP = {
    0.126f, // Q4_0: the positive end reaches 7 of 8 steps
    0.068f, // Q4_1: half of a fifteenth of up to twice the largest
    0.064f, // Q5_0
    0.034f, // Q5_1
    0.0046f, // Q8_0
    0.34f, // MXFP4: between 4 and 6 of at most 8
    0.502f, // TQ1_0
    0.502f, // TQ2_0
    0.26f, // IQ4_NL
  };

  private static final BlockFormat[] BOUNDED = {
    BlockFormats.Q4_0,
    BlockFormats.Q4_1,
    BlockFormats.Q5_0,
    BlockFormats.Q5_1,
    BlockFormats.Q8_0,
    BlockFormats.MXFP4,
    BlockFormats.TQ1_0,
    BlockFormats.TQ2_0,
    BlockFormats.IQ4_NL
  };

  @Provide
  Arbitrary<BlockFormat> formats() {
    return Arbitraries.of(BlockFormats.all());
  }

  @Property(tries = 2000)
  void anyBytesDecodeAndNothingElseIsTouched(
      @ForAll("formats") BlockFormat f,
      @ForAll @IntRange(min = 0, max = 5) int blocks,
      @ForAll @IntRange(min = 0, max = 7) int offset,
      @ForAll @IntRange(min = 0, max = 9) int at,
      @ForAll boolean mapped,
      @ForAll long seed) {
    byte[] bytes = new byte[offset + blocks * f.blockBytes()];
    new Random(seed).nextBytes(bytes);
    int n = blocks * f.blockElements();
    float[] out = new float[at + n + 3];
    Arrays.fill(out, GUARD);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment src = MemorySegment.ofArray(bytes);
      if (mapped) src = arena.allocate(bytes.length + 1L, 1).asSlice(0, bytes.length).copyFrom(src);
      f.decode(src, offset, out, at, n);
    }
    for (int i = 0; i < at; i++) assertThat(out[i]).isEqualTo(GUARD);
    for (int i = at + n; i < out.length; i++) assertThat(out[i]).isEqualTo(GUARD);
  }

  @Property(tries = 1000)
  void encodingIsDeterministicAtAnyOffsetAndTouchesNothingElse(
      @ForAll("formats") BlockFormat f,
      @ForAll @IntRange(min = 1, max = 3) int blocks,
      @ForAll @IntRange(min = 0, max = 7) int offset,
      @ForAll @IntRange(min = -40, max = 15) int power,
      @ForAll long seed) {
    if (!f.canEncode()) return;
    float[] x = normal(seed, blocks * f.blockElements(), Math.scalb(1f, power));
    int size = blocks * f.blockBytes();
    byte[] direct = BlockFormatsTest.encode(f, x);
    byte[] padded = new byte[offset + size + 5];
    Arrays.fill(padded, (byte) 0x5a);
    float[] shifted = new float[x.length + 2];
    System.arraycopy(x, 0, shifted, 2, x.length);
    f.encode(shifted, 2, x.length, MemorySegment.ofArray(padded), offset);
    assertThat(Arrays.copyOfRange(padded, offset, offset + size)).isEqualTo(direct);
    for (int i = 0; i < offset; i++) assertThat(padded[i]).isEqualTo((byte) 0x5a);
    for (int i = offset + size; i < padded.length; i++) {
      assertThat(padded[i]).isEqualTo((byte) 0x5a);
    }
  }

  @Property(tries = 1000)
  void aRoundTripStaysWithinTheStep(
      @ForAll @IntRange(min = 0, max = 8) int which,
      @ForAll @IntRange(min = -8, max = 8) int power,
      @ForAll long seed) {
    BlockFormat f = BOUNDED[which];
    float[] x = normal(seed, f.blockElements(), Math.scalb(1f, power));
    float[] back = BlockFormatsTest.roundTrip(f, x);
    float largest = 0;
    for (float v : x) largest = Math.max(largest, Math.abs(v));
    for (int i = 0; i < x.length; i++) {
      assertThat(Math.abs(back[i] - x[i]))
          .as("%s number %d: %s became %s", f, i, x[i], back[i])
          .isLessThanOrEqualTo(STEP[which] * largest);
    }
  }

  /** Finite extremes of any mix of sizes never make an encoder throw or a decoded code NaN. */
  @Property(tries = 1000)
  void extremeNumbersEncode(@ForAll("formats") BlockFormat f, @ForAll long seed) {
    if (!f.canEncode()) return;
    Random random = new Random(seed);
    float[] x = new float[f.blockElements()];
    int kinds = 1 + random.nextInt(5);
    for (int i = 0; i < x.length; i++) {
      x[i] =
          switch (random.nextInt(kinds)) {
            case 0 -> 0;
            case 1 -> (float) random.nextGaussian();
            case 2 -> random.nextBoolean() ? Float.MAX_VALUE : -Float.MAX_VALUE;
            case 3 -> Float.MIN_VALUE * random.nextInt(9);
            default -> Math.scalb((float) random.nextGaussian(), random.nextInt(-120, 120));
          };
    }
    byte[] bytes = BlockFormatsTest.encode(f, x);
    boolean searched = f.name().endsWith("_K") || f.name().startsWith("IQ4");
    if (!searched) return; // the others follow the reference, whose scale may overflow
    float[] back = BlockFormatsTest.roundTrip(f, x);
    for (float v : back) assertThat(v).as("%s of %s", f, Arrays.toString(bytes)).isFinite();
  }

  static float[] normal(long seed, int n, float size) {
    Random random = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = size * (float) random.nextGaussian();
    return x;
  }
}
