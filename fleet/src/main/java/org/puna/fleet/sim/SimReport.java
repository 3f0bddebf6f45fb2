package org.puna.fleet.sim;

import java.util.List;
import java.util.Map;

/**
 * What a simulation found. Times are in hours, chip time in chip-hours, shares between 0 and 1. The
 * same input and seed give an equal report on every machine.
 *
 * @param setup what was simulated
 * @param shares the headline figures
 * @param chipHours where the time of the chips went
 * @param jobs what became of the jobs
 * @param fragmentation how well gangs were placed
 * @param interruptions what went wrong
 * @param queueHours from submission to first start, of jobs that started
 * @param completionHours from submission to completion, of jobs that finished
 * @param slowdown completion time over undisturbed work on the preferred chip
 * @param bySize jobs by size of the gang
 * @param byTeam jobs by team
 * @param byPool chips by pool
 * @param timeline quantities over time
 * @param queueQuantiles queue hours at 0, 1, …, 100%
 * @param completionQuantiles completion hours at 0, 1, …, 100%
 * @param effort how much work the simulation was
 */
public record SimReport(
    Setup setup,
    Shares shares,
    ChipHours chipHours,
    Jobs jobs,
    Fragmentation fragmentation,
    Interruptions interruptions,
    Distribution queueHours,
    Distribution completionHours,
    Distribution slowdown,
    List<SizeRow> bySize,
    List<TeamRow> byTeam,
    List<PoolRow> byPool,
    Series timeline,
    List<Double> queueQuantiles,
    List<Double> completionQuantiles,
    Effort effort) {

  /**
   * What was simulated.
   *
   * @param fleet its name
   * @param chips chips, delivered or not
   * @param start the moment of time 0, ISO 8601
   * @param days simulated days
   * @param seed of every random number
   */
  public record Setup(String fleet, long chips, String start, double days, long seed) {}

  /**
   * The headline figures. {@code goodput = availability · occupancy · efficiency}.
   *
   * @param availability chips in service (spares included) of those delivered
   * @param occupancy chips held by jobs of those in service
   * @param efficiency productive time of the time in which jobs held chips
   * @param utilisation chips held by jobs of those delivered
   * @param goodput productive time of the time of all delivered chips
   * @param effectiveTraining productive time of the time since the first start, waiting for chips
   *     again included; jobs weighted by their chips
   */
  public record Shares(
      double availability,
      double occupancy,
      double efficiency,
      double utilisation,
      double goodput,
      double effectiveTraining) {}

  /**
   * Where the time of the chips went. {@code delivered = outOfService + spare + idle + productive +
   * checkpoints + lost + overhead}.
   *
   * @param delivered all of it
   * @param outOfService in repair or maintenance
   * @param spare waiting to replace a failed node
   * @param idle free
   * @param productive work that was kept
   * @param checkpoints work stopped to save
   * @param lost work that had to be done again
   * @param overhead starting, detecting failures, restarting
   */
  public record ChipHours(
      double delivered,
      double outOfService,
      double spare,
      double idle,
      double productive,
      double checkpoints,
      double lost,
      double overhead) {}

  /**
   * What became of the jobs.
   *
   * @param submitted jobs submitted before the end
   * @param finished complete
   * @param running holding chips at the end
   * @param waiting in the queue at the end
   * @param neverStarted of the waiting ones, those that never ran
   * @param preemptions times that a job lost its chips to another
   * @param requeued times that a job lost its chips to a failure without replacement
   */
  public record Jobs(
      int submitted,
      int finished,
      int running,
      int waiting,
      int neverStarted,
      int preemptions,
      int requeued) {}

  /**
   * How well gangs were placed.
   *
   * @param strandedShare of the free chips, those on partly used nodes, mean over time
   * @param leafSpread leaves that gangs spanned over the fewest possible, weighted by chips
   * @param podSpread the same of pods
   * @param splitGangs of the chips placed, those of gangs that one pod could hold but several did
   */
  public record Fragmentation(
      double strandedShare, double leafSpread, double podSpread, double splitGangs) {}

  /**
   * What went wrong.
   *
   * @param unexpected times that a job was stopped without notice by a failure
   * @param planned times that a job was stopped by planned work
   * @param expected unexpected stops by arithmetic: rates times chip-hours held by jobs
   * @param byComponent by what failed
   */
  public record Interruptions(
      int unexpected, int planned, double expected, List<ComponentRow> byComponent) {}

  /**
   * One component.
   *
   * @param component what failed
   * @param category its group
   * @param planned whether it was announced
   * @param events failures, on idle chips too
   * @param jobStops times that it stopped a job
   * @param expected stops by arithmetic
   */
  public record ComponentRow(
      String component,
      String category,
      boolean planned,
      int events,
      int jobStops,
      double expected) {}

  /**
   * Jobs of one range of sizes.
   *
   * @param fromGpus smallest gang
   * @param toGpus largest gang
   * @param submitted jobs
   * @param finished jobs
   * @param chipHours held
   * @param efficiency productive share of these
   * @param medianQueueHours median queue time
   * @param p95QueueHours 95th percentile of it
   * @param interruptions unexpected stops
   * @param preemptions times preempted
   */
  public record SizeRow(
      int fromGpus,
      int toGpus,
      int submitted,
      int finished,
      double chipHours,
      double efficiency,
      double medianQueueHours,
      double p95QueueHours,
      int interruptions,
      int preemptions) {}

  /**
   * Jobs of one team.
   *
   * @param team its name
   * @param share its share of the shares of all teams with jobs
   * @param submitted jobs
   * @param finished jobs
   * @param chipHours held
   * @param used its part of the chip-hours of all teams
   * @param medianQueueHours median queue time
   * @param p95QueueHours 95th percentile of it
   */
  public record TeamRow(
      String team,
      double share,
      int submitted,
      int finished,
      double chipHours,
      double used,
      double medianQueueHours,
      double p95QueueHours) {}

  /**
   * One pool.
   *
   * @param site where
   * @param chip what
   * @param chips how many
   * @param availability chips in service of those delivered
   * @param utilisation chips held by jobs of those delivered
   */
  public record PoolRow(
      String site, String chip, int chips, double availability, double utilisation) {}

  /**
   * Quantities over time, one value a bin.
   *
   * @param binHours width of a bin; the last may be shorter
   * @param delivered chips there
   * @param outOfService chips in repair or maintenance
   * @param allocated chips held by jobs
   * @param productive chips doing work that is kept
   * @param waitingJobs jobs in the queue
   * @param waitingChips chips they ask for
   * @param stranded free chips on partly used nodes
   * @param stops times that jobs were stopped, by category
   */
  public record Series(
      double binHours,
      List<Double> delivered,
      List<Double> outOfService,
      List<Double> allocated,
      List<Double> productive,
      List<Double> waitingJobs,
      List<Double> waitingChips,
      List<Double> stranded,
      Map<String, List<Double>> stops) {}

  /**
   * How much work the simulation was, in counts that do not depend on the machine.
   *
   * @param events events handled
   * @param passes scheduling passes
   * @param jobsLooked waiting jobs that passes looked at
   * @param nodeUpdates changes of a node's state
   */
  public record Effort(long events, long passes, long jobsLooked, long nodeUpdates) {}
}
