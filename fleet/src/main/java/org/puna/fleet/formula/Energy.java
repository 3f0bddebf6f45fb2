package org.puna.fleet.formula;

/**
 * Energy, carbon and price of a run: GPU-hours · power of a GPU · overhead of its server · PUE of
 * the site.
 *
 * @see "Touvron et al. 2023, Llama 2, table 2 (GPU-hours at thermal design power); Strubell et al.
 *     2019, Energy and Policy Considerations for Deep Learning in NLP"
 */
public final class Energy {
  /** The formula as it is printed in reports. */
  public static final String FORMULA =
      "kWh = GPU-hours · TDP · server overhead · PUE (Llama 2 paper, table 2, there without"
          + " overhead and PUE); CO2 = kWh · kg/kWh";

  private Energy() {}

  /**
   * Energy in kWh.
   *
   * @param gpuHours GPU-hours
   * @param watts power of one GPU
   * @param overhead power of the whole server over that of its GPUs, at least 1
   * @param pue power usage effectiveness, at least 1
   */
  public static double kiloWattHours(double gpuHours, double watts, double overhead, double pue) {
    return gpuHours * watts / 1000 * overhead * pue;
  }

  /**
   * Carbon in tonnes of CO₂.
   *
   * @param kiloWattHours energy
   * @param kgPerKwh carbon intensity
   */
  public static double tonnes(double kiloWattHours, double kgPerKwh) {
    return kiloWattHours * kgPerKwh / 1000;
  }
}
