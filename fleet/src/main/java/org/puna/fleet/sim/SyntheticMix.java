package org.puna.fleet.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.puna.model.config.BadInput;

/**
 * A made-up mix of jobs. It is no trace of a real cluster; its distributions are choices:
 *
 * <ul>
 *   <li>submissions at even random times (a Poisson process with a given number of events)
 *   <li>gangs of 1, 2, 4, … chips, each size 2^(−1/3) as frequent as the one before, up to an
 *       eighth of the chips of the kind and to what one pool holds
 *   <li>work lognormal with σ = {@value #WORK_SIGMA}, at most a quarter of the time, its scale
 *       chosen so that all jobs together offer {@code load} of the chip time
 *   <li>the kind of chip in proportion to the chips; one job in four also accepts every other kind
 *   <li>priority 0 (60%, preemptible), 1 (30%) and 2 (10%)
 *   <li>eight teams of four users, team k asking 1/k as often as team 1
 *   <li>30 s to save, at Young's interval
 * </ul>
 *
 * @param jobs how many
 * @param load chip time offered of the chip time there is, more than 0; above 1 the queue grows
 * @param horizonMillis ms over which jobs are submitted
 * @param seed of the random numbers
 */
public record SyntheticMix(int jobs, double load, long horizonMillis, long seed) {
  private static final double WORK_SIGMA = 1.2;
  private static final double SIZE_RATIO = StrictMath.pow(2, -1.0 / 3);
  private static final int TEAMS = 8;
  private static final int USERS = 4;
  private static final int MAX_JOBS = 5_000_000;
  private static final long STREAM = 1_000_003;
  private static final long SAVE_MILLIS = 30_000;

  /** Checks the figures. */
  public SyntheticMix {
    if (jobs < 1 || jobs > MAX_JOBS) {
      throw new BadInput("synthetic jobs: 1 to " + MAX_JOBS + " can be made, found " + jobs);
    }
    if (!(load > 0 && load <= 100)) {
      throw new BadInput(
          "synthetic jobs: the load must be more than 0 and at most 100, found " + load);
    }
  }

  /**
   * Makes the jobs for a fleet.
   *
   * @param fleet where they are to run
   * @return the jobs by submission
   * @throws BadInput if so few jobs cannot offer that load
   */
  public List<JobSpec> generate(FleetSpec fleet) {
    SplittableRandom random = new SplittableRandom(Failures.mix(seed, STREAM));
    long[] submits = new long[jobs];
    for (int i = 0; i < jobs; i++) submits[i] = (long) (random.nextDouble() * horizonMillis);
    Arrays.sort(submits);
    List<String> kinds = List.copyOf(fleet.chipNames());
    int[] gpus = new int[jobs];
    double[] shape = new double[jobs];
    List<List<String>> accepted = new ArrayList<>(jobs);
    for (int i = 0; i < jobs; i++) {
      String kind = kind(fleet, random);
      gpus[i] = gang(fleet, kind, random);
      shape[i] = StrictMath.exp(WORK_SIGMA * normal(random));
      accepted.add(accepted(fleet, kinds, kind, gpus[i], random.nextInt(4) == 0));
    }
    double scale = scale(fleet, gpus, shape);
    List<JobSpec> made = new ArrayList<>(jobs);
    for (int i = 0; i < jobs; i++) {
      double p = random.nextDouble();
      int priority = p < 0.6 ? 0 : p < 0.9 ? 1 : 2;
      int team = team(random);
      made.add(
          new JobSpec(
              String.format(Locale.ROOT, "job-%06d", i + 1),
              submits[i],
              gpus[i],
              accepted.get(i),
              Math.max(1, (long) Math.min(scale * shape[i], longest())),
              priority,
              "team-" + (team + 1),
              "user-" + (team + 1) + (char) ('a' + random.nextInt(USERS)),
              0,
              SAVE_MILLIS,
              priority == 0));
    }
    return made;
  }

  private double longest() {
    return horizonMillis / 4.0;
  }

  private static String kind(FleetSpec fleet, SplittableRandom random) {
    long chip = random.nextLong(fleet.chips());
    for (PoolSpec p : fleet.pools()) {
      if (chip < p.chips()) return p.chip();
      chip -= p.chips();
    }
    throw new IllegalStateException("a chip beyond the fleet");
  }

  private static int gang(FleetSpec fleet, String kind, SplittableRandom random) {
    long chips =
        fleet.pools().stream().filter(p -> p.chip().equals(kind)).mapToLong(PoolSpec::chips).sum();
    long most = Math.max(1, Math.min(chips / 8, fleet.largestGang(List.of(kind))));
    int sizes = 64 - Long.numberOfLeadingZeros(most);
    double u = random.nextDouble() * (1 - StrictMath.pow(SIZE_RATIO, sizes));
    int k = (int) (StrictMath.log(1 - u) / StrictMath.log(SIZE_RATIO));
    return 1 << Math.min(k, sizes - 1);
  }

  private static List<String> accepted(
      FleetSpec fleet, List<String> kinds, String kind, int gpus, boolean others) {
    if (!others) return List.of(kind);
    List<String> all = new ArrayList<>(List.of(kind));
    kinds.stream()
        .filter(k -> !k.equals(kind) && fleet.largestGang(List.of(k)) >= gpus)
        .forEach(all::add);
    return all;
  }

  private static int team(SplittableRandom random) {
    double weights = 0;
    for (int k = 1; k <= TEAMS; k++) weights += 1.0 / k;
    double u = random.nextDouble() * weights;
    int team = 0;
    while (team < TEAMS - 1 && u >= 1.0 / (team + 1)) u -= 1.0 / ++team;
    return team;
  }

  private static double normal(SplittableRandom random) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    return radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
  }

  /** Finds the factor on {@code shape} with which the jobs offer the load, by bisection. */
  private double scale(FleetSpec fleet, int[] gpus, double[] shape) {
    double target = 0;
    for (PoolSpec p : fleet.pools()) {
      target += load * p.chips() * Math.max(0, horizonMillis - p.readyMillis());
    }
    double most = 0;
    for (int g : gpus) most += g * longest();
    if (most < target) {
      throw new BadInput(
          String.format(
              Locale.ROOT,
              "synthetic jobs: %d jobs offer at most %.3f of the chip time with seed %d (none works"
                  + " longer than a quarter of it), %.3f is asked for; make more jobs or lower the"
                  + " load",
              jobs,
              most / target * load,
              seed,
              load));
    }
    double low = 0;
    double high = 1;
    while (offered(gpus, shape, high) < target && high < 1e18) high *= 2;
    for (int i = 0; i < 60; i++) {
      double mid = (low + high) / 2;
      if (offered(gpus, shape, mid) < target) low = mid;
      else high = mid;
    }
    return high;
  }

  private double offered(int[] gpus, double[] shape, double scale) {
    double sum = 0;
    for (int i = 0; i < gpus.length; i++) sum += gpus[i] * Math.min(scale * shape[i], longest());
    return sum;
  }
}
