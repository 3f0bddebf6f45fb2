package org.puna.fleet.estimate;

import org.puna.model.config.ActivationMemory.Recompute;

/**
 * What measurements were taken on, which a table of iteration times does not say.
 *
 * @param machine the servers
 * @param recompute what the backward pass computed again
 */
public record Conditions(Machine machine, Recompute recompute) {
  /**
   * Whether a run on a machine is one of those that a table under these conditions could hold: the
   * same chips, links and network, the same software, nothing that the table's columns do not say.
   *
   * @param run what runs
   * @param on where
   */
  boolean hold(TrainingRun run, Machine on) {
    Layout l = run.layout();
    return machine.chip().name().equals(on.chip().name())
        && machine.nodeChips() == on.nodeChips()
        && machine.linkGBps() == on.linkGBps()
        && machine.scaleOutGBps() == on.scaleOutGBps()
        && (machine.ports() == 0 || machine.ports() == on.ports())
        && recompute == run.recompute()
        && run.software()
            .equals(TrainingRun.Software.of(run.model(), recompute, Machine.Precision.BF16))
        && run.precision() == Machine.Precision.BF16
        && run.zero() == 0
        && l.cp() == 1
        && l.ep() == 1
        && l.virtualStages() == 1;
  }
}
