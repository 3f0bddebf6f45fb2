package org.puna.fleet.sim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who has used how much: chip time of teams, and of users within a team, that counts half after
 * every half-life. Between two changes of an allocation {@code a} the decayed use follows dU/dt = a
 * − kU, which is solved in closed form, so nothing has to be updated while nothing changes.
 */
final class FairShare {
  private final double perMillis;
  private final Map<String, TeamPolicy> policies = new LinkedHashMap<>();
  private final Map<String, Account> teams = new LinkedHashMap<>();

  FairShare(long halfLifeMillis, List<TeamPolicy> policies) {
    this.perMillis = StrictMath.log(2) / halfLifeMillis;
    policies.forEach(p -> this.policies.put(p.team(), p));
  }

  /** One user's or team's use. */
  final class Account {
    final String name;
    final double share;
    final long quotaChips;
    private final Map<String, Account> users = new LinkedHashMap<>();
    private long allocated;
    private long settledAt;
    private double use;

    private Account(String name, double share, long quotaChips) {
      this.name = name;
      this.share = share;
      this.quotaChips = quotaChips;
    }

    /** Decayed chip-milliseconds for each unit of share. */
    double use(long now) {
      settle(now);
      return use / share;
    }

    /** Chips held now for each unit of share. */
    double held() {
      return allocated / share;
    }

    long allocated() {
      return allocated;
    }

    private void settle(long now) {
      if (now == settledAt) return;
      double decay = StrictMath.exp(-perMillis * (now - settledAt));
      use = use * decay + allocated * (1 - decay) / perMillis;
      settledAt = now;
    }

    private void change(long chips, long now) {
      settle(now);
      allocated += chips;
    }
  }

  /** Returns the account of a team, opened on first sight. */
  Account team(String name) {
    Account known = teams.get(name);
    if (known != null) return known;
    TeamPolicy policy = policies.getOrDefault(name, new TeamPolicy(name, 1, TeamPolicy.UNLIMITED));
    Account opened = new Account(name, policy.share(), policy.quotaChips());
    teams.put(name, opened);
    return opened;
  }

  /** Returns the account of a user within a team. */
  Account user(Account team, String name) {
    return team.users.computeIfAbsent(name, n -> new Account(n, 1, TeamPolicy.UNLIMITED));
  }

  /** Books chips taken (positive) or given back (negative) by a job. */
  void change(Job job, long chips, long now) {
    job.team.change(chips, now);
    job.user.change(chips, now);
  }
}
