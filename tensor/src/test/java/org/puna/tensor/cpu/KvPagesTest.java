package org.puna.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.KvType;
import org.puna.tensor.quant.BlockFormats;

class KvPagesTest {
  private static final int HEADS = 3;
  private static final int HEAD_DIM = 64;
  private static final int COLS = HEADS * HEAD_DIM;
  private static final int TOKENS = 32;

  private final Random random = new Random(3);

  private float[] numbers(double size) {
    float[] x = new float[TOKENS * COLS];
    for (int i = 0; i < x.length; i++) x[i] = (float) (size * random.nextGaussian());
    return x;
  }

  @Test
  void blocksHoldWhatQ8_0OfTheWeightsHolds() {
    for (double size : new double[] {0, 1e-9, 1, 300}) {
      float[] x = numbers(size);
      KvPages pages = new KvPages(KvType.Q8_0, 2, TOKENS, HEADS, HEAD_DIM);
      float[] actual = writtenAndRead(pages, x);
      byte[] stored = new byte[(int) BlockFormats.Q8_0.bytes(actual.length)];
      float[] some = new float[actual.length];
      System.arraycopy(x, COLS, some, 0, some.length);
      BlockFormats.Q8_0.encode(some, 0, some.length, MemorySegment.ofArray(stored), 0);
      float[] expected = new float[actual.length];
      BlockFormats.Q8_0.decode(MemorySegment.ofArray(stored), 0, expected, 0, expected.length);
      assertThat(actual).isEqualTo(expected);
      KvPages turned = KvPages.ofKeys(KvType.Q8_0, 2, TOKENS, HEADS, HEAD_DIM);
      assertThat(turned.turned()).isTrue();
      assertThat(writtenAndRead(turned, x)).isEqualTo(expected);
    }
  }

  @Test
  void halvesAreTheNearestAndFinite() {
    for (double size : new double[] {0, 1e-7, 1e-5, 1, 300, 1e6}) {
      float[] x = numbers(size);
      float[] expected = new float[5 * COLS];
      for (int i = 0; i < expected.length; i++) {
        float nearest = Float.float16ToFloat(Float.floatToFloat16(x[COLS + i]));
        expected[i] = Float.isInfinite(nearest) ? Math.copySign(65504, nearest) : nearest;
      }
      assertThat(writtenAndRead(new KvPages(KvType.F16, 2, TOKENS, HEADS, HEAD_DIM), x))
          .isEqualTo(expected);
      assertThat(writtenAndRead(KvPages.ofKeys(KvType.F16, 2, TOKENS, HEADS, HEAD_DIM), x))
          .isEqualTo(expected);
    }
  }

  private static float[] writtenAndRead(KvPages pages, float[] x) {
    pages.write(1, 2, 5, x, COLS);
    float[] read = new float[5 * COLS];
    for (int i = 0; i < 5; i++) {
      for (int h = 0; h < HEADS; h++) pages.read(1, h, 2 + i, 1, read, i * COLS + h * HEAD_DIM);
    }
    return read;
  }

  @Test
  void memoryIsTakenWhenAPageIsWrittenAndIsThatOfTheType() {
    for (KvType type : KvType.values()) {
      takesMemory(type, new KvPages(type, 3, TOKENS, HEADS, HEAD_DIM));
      takesMemory(type, KvPages.ofKeys(type, 3, TOKENS, HEADS, HEAD_DIM));
    }
  }

  private void takesMemory(KvType type, KvPages pages) {
    assertThat(pages.bytes()).isZero();
    pages.write(2, 0, 1, numbers(1), 0);
    long page =
        switch (type) {
          case F32 -> 4 * TOKENS * COLS;
          case F16 -> 2 * TOKENS * COLS;
          case Q8_0 -> TOKENS * COLS / 32 * 34;
        };
    assertThat(pages.bytes()).isEqualTo(page).isEqualTo(pages.pageBytes());
    pages.copy(0, 1, 3);
    assertThat(pages.bytes()).as("nothing to copy").isEqualTo(page);
    pages.copy(2, 1, 1);
    assertThat(pages.bytes()).isEqualTo(2 * page);
    float[] a = new float[COLS];
    float[] b = new float[COLS];
    for (int h = 0; h < HEADS; h++) {
      pages.read(2, h, 0, 1, a, h * HEAD_DIM);
      pages.read(1, h, 0, 1, b, h * HEAD_DIM);
    }
    assertThat(b).isEqualTo(a);
  }

  @Test
  void headsThatAreNoWholeBlocksAreRefused() {
    AttentionShape odd = new AttentionShape(4, 2, 48, 1, 0, 0, 0);
    assertThatThrownBy(() -> new CpuKvCache(List.of(odd), 1, 4, KvType.Q8_0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("48");
    assertThat(new CpuKvCache(List.of(odd), 1, 4, KvType.F32).pageBytes()).isPositive();
    assertThat(new CpuKvCache(List.of(odd), 1, 4, KvType.F16).pageBytes()).isPositive();
    assertThat(KvType.byName("Q8_0")).contains(KvType.Q8_0);
    assertThat(KvType.byName("q9")).isEmpty();
  }
}
