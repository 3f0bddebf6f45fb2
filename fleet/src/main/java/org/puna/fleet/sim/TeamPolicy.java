package org.puna.fleet.sim;

import java.io.Reader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.puna.fleet.Csv;
import org.puna.model.config.BadInput;

/**
 * What a team may use.
 *
 * @param team its name
 * @param share weight in the fair share, more than 0; teams without a policy have 1
 * @param quotaChips chips that its jobs may hold at one time
 */
public record TeamPolicy(String team, double share, long quotaChips) {
  /** No limit on chips. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** Checks the figures. */
  public TeamPolicy {
    if (!(share > 0) || Double.isInfinite(share)) {
      throw new BadInput(
          "team " + Trace.shown(team) + ": share must be more than 0, found " + share);
    }
    if (quotaChips < 1) {
      throw new BadInput(
          "team "
              + Trace.shown(team)
              + ": quota must be at least 1 chip; leave it empty for no limit");
    }
  }

  /**
   * Policies from a CSV file with the columns team, share and quota (chips, empty for no limit).
   *
   * @param text the file
   * @param file its name for errors
   * @throws BadInput with file, line and remedy
   */
  public static List<TeamPolicy> read(Reader text, String file) {
    List<TeamPolicy> policies = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Csv.Row row : Csv.read(text, file, List.of("team", "share", "quota"))) {
      String team = row.required("team");
      if (!seen.add(team)) {
        throw new BadInput(
            row.where() + ": team " + Trace.shown(team) + " occurs twice; keep one row");
      }
      double quota = row.number("quota").orElse(UNLIMITED);
      if (!(quota >= 1)) {
        throw new BadInput(
            row.where()
                + ": quota must be at least 1 chip, found "
                + quota
                + "; leave it empty for no limit");
      }
      double share = row.number("share").orElse(1);
      if (!(share > 0)) {
        throw new BadInput(row.where() + ": share must be more than 0, found " + share);
      }
      policies.add(new TeamPolicy(team, share, (long) quota));
    }
    return policies;
  }
}
