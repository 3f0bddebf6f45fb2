package org.puna.tensor.cpu.vector;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.puna.tensor.AttentionShape;
import org.puna.tensor.Batch;
import org.puna.tensor.KvType;
import org.puna.tensor.cpu.KvPages;
import org.puna.tensor.cpu.Team;

/**
 * Attention over paged keys and values, one piece of work for each row and group of query heads.
 */
final class Attention {
  /** Rows from which packing keys and values pays. */
  private static final int MANY = 6;

  /** Scores of one piece of work that stay in the second-level cache. */
  private static final int SCORES = 128 << 10;

  private final Members<Member> members = new Members<>(Member::new);

  // Used again by every step of few rows, which so allocates nothing.
  private final Rows few = new Rows();

  /** Memory of one member of the team. */
  private static final class Member {
    float[] scores = new float[0];
    float[] decoded = new float[0];
    final TurnedAttention turned = new TurnedAttention();
    final TiledAttention tiled = new TiledAttention();

    // Doubling: a growing context allocates rarely.
    float[] scores(int n) {
      if (scores.length < n) scores = new float[Math.max(n, 2 * scores.length)];
      return scores;
    }

    float[] decoded(int n) {
      if (decoded.length < n) decoded = new float[n];
      return decoded;
    }
  }

  void run(
      Team team,
      AttentionShape shape,
      Batch batch,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y) {
    members.reserve(team.size());
    for (int p = 0; p < batch.parts(); p++) {
      Batch.Part part = batch.part(p);
      if (part.rows() >= MANY) {
        tiled(team, shape, part, q, keys, values, y);
      } else {
        team.run(few.set(team, shape, part, q, keys, values, y), few);
      }
    }
  }

  private void tiled(
      Team team,
      AttentionShape shape,
      Batch.Part part,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y) {
    int step = TiledAttention.blockRows(shape);
    int blocks = (part.rows() + step - 1) / step;
    team.run(
        blocks * shape.nKvHeads(),
        (piece, member) -> {
          // The last rows see the most positions: they go first, so that no member ends alone.
          int row = (blocks - 1 - piece / shape.nKvHeads()) * step;
          int n = Math.min(step, part.rows() - row);
          int kvHead = piece % shape.nKvHeads();
          members.of(member).tiled.attend(shape, part, row, n, kvHead, q, keys, values, y);
        });
  }

  /**
   * A sequence with few rows: a piece is a row and the query heads of one key-value head, or of
   * some where keys are turned.
   */
  private final class Rows implements Team.Task {
    private static final float[] NONE = new float[0];

    private AttentionShape shape = new AttentionShape(1, 1, 1, 1, 0, 0, 0);
    private Batch.@Nullable Part part;
    private float[] q = NONE;
    private float[] y = NONE;
    private @Nullable KvPages keys;
    private @Nullable KvPages values;

    /** Heads of keys and values of a piece. */
    private int heads = 1;

    /** Sets what is asked for; returns the number of pieces. */
    int set(
        Team team,
        AttentionShape shape,
        Batch.Part part,
        float[] q,
        KvPages keys,
        KvPages values,
        float[] y) {
      this.shape = shape;
      this.part = part;
      this.q = q;
      this.y = y;
      this.keys = keys;
      this.values = values;
      heads = keys.turned() ? heads(team, shape, part) : 1;
      return part.rows() * shape.nKvHeads() / heads;
    }

    /** Neighbouring heads of a piece: as many as leave every member one. */
    private static int heads(Team team, AttentionShape shape, Batch.Part part) {
      int all = shape.nKvHeads();
      long scores = (long) shape.nHeads() / all * part.length();
      int heads = Math.max(1, all / team.size());
      while (heads > 1 && (all % heads > 0 || heads * scores > SCORES)) heads--;
      return heads;
    }

    @Override
    public void run(int piece, int member) {
      if (part == null || keys == null || values == null) return;
      int runs = shape.nKvHeads() / heads;
      int row = piece / runs;
      int kvHead = piece % runs * heads;
      Member m = members.of(member);
      if (keys.turned()) m.turned.attend(shape, part, row, kvHead, heads, q, keys, values, y);
      else attend(shape, part, row, kvHead, q, keys, values, y, m);
    }
  }

  private static void attend(
      AttentionShape shape,
      Batch.Part part,
      int row,
      int kvHead,
      float[] q,
      KvPages keys,
      KvPages values,
      float[] y,
      Member member) {
    int d = shape.headDim();
    int group = shape.nHeads() / shape.nKvHeads();
    int pageTokens = keys.pageTokens();
    int position = part.firstPosition() + row;
    int first = shape.firstVisible(position);
    int n = shape.endVisible(position, part.length()) - first;
    boolean plain = keys.type() == KvType.F32;
    float[] decoded = plain ? member.decoded : member.decoded(pageTokens * d);
    float[] s = member.scores(group * n);
    int qAt = (part.firstRow() + row) * shape.qCols() + kvHead * group * d;
    for (int i = 0; i < n; ) {
      int page = part.pages()[(first + i) / pageTokens];
      int in = (first + i) % pageTokens;
      int run = Math.min(pageTokens - in, n - i);
      int at = keys.at(kvHead, in);
      if (!plain) decode(keys, page, at, run * d, decoded);
      float[] k = plain ? keys.floats(page) : decoded;
      int from = plain ? at : 0;
      for (int r = 0; r < run; r++) {
        for (int h = 0; h < group; h++) {
          s[h * n + i + r] = FloatDots.dot(q, qAt + h * d, k, from + r * d, d) * shape.scale();
        }
      }
      i += run;
    }
    for (int h = 0; h < group; h++) {
      if (shape.softcap() > 0) Softcap.apply(s, h * n, h * n + n, shape.softcap(), s);
      AttentionWeights.softmax(s, h * n, n);
    }
    for (int h = 0; h < group; h++) Arrays.fill(y, qAt + h * d, qAt + (h + 1) * d, 0);
    for (int i = 0; i < n; ) {
      int page = part.pages()[(first + i) / pageTokens];
      int in = (first + i) % pageTokens;
      int run = Math.min(pageTokens - in, n - i);
      int at = values.at(kvHead, in);
      if (!plain) decode(values, page, at, run * d, decoded);
      float[] v = plain ? values.floats(page) : decoded;
      int from = plain ? at : 0;
      for (int h = 0; h < group; h++) {
        AttentionWeights.mix(s, h * n + i, run, v, from, 0, d, y, qAt + h * d);
      }
      i += run;
    }
  }

  private static void decode(KvPages cached, int page, int at, int n, float[] dst) {
    if (cached.type() == KvType.F16) CachedHalves.decode(cached, page, at, n, dst, 0);
    else CachedBlocks.decode(cached, page, at, n, dst, 0);
  }
}
