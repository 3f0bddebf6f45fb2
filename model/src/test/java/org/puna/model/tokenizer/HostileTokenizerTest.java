package org.puna.model.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.puna.model.Fixtures;
import org.puna.model.Hostile;

/** Damaged tokenizer files: each loads or is refused in one line, in little time and memory. */
class HostileTokenizerTest {
  private static final String TEXT =
      "The king's daughter said: 12345 \u00E9 \uD83E\uDD99 <|eot_id|>\n";

  private static void survives(byte[] content) {
    Hostile.survives(() -> {
      Tokenizer t = Tokenizers.read(content, "damaged");
      int[] ids = t.encodeWithSpecials(TEXT, true);
      t.decode(ids, false);
    });
  }

  private static byte[] small(String name) throws IOException {
    return Files.readAllBytes(Fixtures.path("tokenizers/" + name + ".tokenizer.json"));
  }

  @Property(tries = 1000)
  void jsonWithBytesReplaced(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    byte[] file = small(random.nextBoolean() ? "llama3-1k" : "llama2-1k").clone();
    for (int i = 0; i < 1 + random.nextInt(4); i++) {
      // Half of the changes where the structure is: before the vocabulary.
      int at = random.nextInt(random.nextBoolean() ? 2500 : file.length);
      String digits = "0123456789{}[]\",:tfn-\\Aa";
      file[at] =
          random.nextInt(4) == 0
              ? (byte) random.nextInt()
              : (byte) digits.charAt(random.nextInt(digits.length()));
    }
    if (random.nextInt(10) == 0) {
      file = java.util.Arrays.copyOf(file, random.nextInt(file.length));
    }
    survives(file);
  }

  @Property(tries = 1000)
  void sentencePieceWithBytesReplaced(@ForAll long seed) {
    survives(Hostile.mutate(Toy.sentencePieceFile(), new Random(seed), 400));
  }

  @Property(tries = 1000)
  void tiktokenWithBytesReplaced(@ForAll long seed) {
    survives(Hostile.mutate(Toy.tiktokenFile(), new Random(seed), 4000));
  }

  @Test
  void validFilesOfTheToysLoad() {
    Tokenizer sentencePiece = Tokenizers.read(Toy.sentencePieceFile(), "toy.model");
    assertThat(sentencePiece.decode(sentencePiece.encode("hello é", false), false))
        .isEqualTo("hello é");
    assertThat(sentencePiece.vocabulary())
        .isEqualTo(
            Toy.sentencePiece(true)
                .with(sentencePiece.vocabulary().specials(), sentencePiece.vocabulary().marks()));
    Tokenizer tiktoken = Tokenizers.read(Toy.tiktokenFile(), "toy.model");
    assertThat(tiktoken.decode(tiktoken.encode("hello é", false), false)).isEqualTo("hello é");
    assertThat(tiktoken.vocabSize()).isEqualTo(256 + 4 + 256);
  }

  @Test
  void hugeClaimsAreRefused() {
    String big = Base64.getEncoder().encodeToString(new byte[100]) + " 4000000\n";
    survives(big.getBytes(StandardCharsets.UTF_8));
    survives("{\"model\":{\"vocab\":{\"a\":8000000}}}".getBytes(StandardCharsets.UTF_8));
    survives("[".repeat(100_000).getBytes(StandardCharsets.UTF_8));
    survives("{\"a\":".repeat(100_000).getBytes(StandardCharsets.UTF_8));
    survives(new byte[0]);
    survives(new byte[] {0x0A, (byte) 0xFF, 0x0A, (byte) 0xFF, (byte) 0xFF, 0x7F});
  }
}
