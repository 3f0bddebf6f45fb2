package org.puna.fleet.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import org.puna.fleet.estimate.Estimate;
import org.puna.fleet.formula.CheckpointInterval;
import org.puna.fleet.formula.Energy;
import org.puna.fleet.formula.Interruptions;
import org.puna.fleet.formula.PipelineBubble;
import org.puna.fleet.formula.TrainingTime;

/**
 * A whole training run with one layout.
 *
 * @param estimate its iteration
 * @param tokens tokens to train on
 * @param iterations how many iterations
 * @param days wall time, with interruptions and practice
 * @param gpuHours GPU-hours of that time
 * @param gpuHoursLeast the low end of the range
 * @param gpuHoursMost the high end of the range
 * @param effective part of the time that is training between interruptions
 * @param interruptions expected number
 * @param hoursBetween mean hours between interruptions
 * @param checkpointMinutes work between checkpoints that loses least
 * @param energyMwh energy in MWh
 * @param carbonTonnes tonnes of CO₂
 * @param rentUsd price of the GPU-hours
 * @param powerUsd price of the electricity, which a rent includes
 */
public record Plan(
    Estimate estimate,
    double tokens,
    double iterations,
    double days,
    double gpuHours,
    double gpuHoursLeast,
    double gpuHoursMost,
    double effective,
    double interruptions,
    double hoursBetween,
    double checkpointMinutes,
    double energyMwh,
    double carbonTonnes,
    double rentUsd,
    double powerUsd) {

  /**
   * The run of an estimated iteration.
   *
   * @param e the iteration
   * @param tokens tokens to train on
   * @param a what is assumed
   */
  public static Plan of(Estimate e, double tokens, Assumptions a) {
    double iterations = tokens / e.run().tokens();
    double gpus = e.gpus();
    double meanHours = Interruptions.meanHoursBetween(gpus, a.interruptionsPerGpuHour());
    double mean = meanHours * 3600;
    double interval = CheckpointInterval.daly(a.checkpointSeconds(), mean);
    double effective =
        CheckpointInterval.effective(interval, a.checkpointSeconds(), a.restartSeconds(), mean);
    double ideal = iterations * e.seconds() / effective;
    double seconds = ideal * a.practice();
    double gpuHours = seconds * gpus / 3600;
    double watts = e.machine().chip().tdpW().orElse(Assumptions.TYPICAL_GPU_WATTS);
    double kwh = Energy.kiloWattHours(gpuHours, watts, a.serverOverhead(), a.pue());
    boolean known = a.practice() == 1;
    return new Plan(
        e,
        tokens,
        iterations,
        seconds / 86_400,
        gpuHours,
        gpuHours / a.practice() * (known ? 0.87 : Assumptions.PRACTICE_LEAST),
        gpuHours / a.practice() * (known ? 1.15 : Assumptions.PRACTICE_MOST),
        effective,
        Interruptions.expected(gpus, seconds / 3600, a.interruptionsPerGpuHour()),
        meanHours,
        interval / 60,
        kwh / 1000,
        Energy.tonnes(kwh, a.carbonKgPerKwh()),
        gpuHours * a.rentUsdPerHour(),
        kwh * a.powerPriceUsdPerKwh());
  }

  /** Returns the formulas behind the figures, with their sources. */
  public static Map<String, String> formulas() {
    Map<String, String> f = new LinkedHashMap<>();
    f.put("time", TrainingTime.FORMULA);
    f.put("MFU", Estimate.MFU_FORMULA);
    f.put("pipeline bubble", PipelineBubble.FORMULA);
    f.put("interruptions", Interruptions.FORMULA);
    f.put("checkpoint interval", CheckpointInterval.FORMULA);
    f.put("energy and CO2", Energy.FORMULA);
    return f;
  }
}
