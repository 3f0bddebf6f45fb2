package org.puna.fleet.estimate;

import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.puna.fleet.Csv;
import org.puna.model.config.BadInput;
import org.puna.model.config.ModelConfig;
import org.puna.model.config.ModelShapes;

/**
 * A measured training iteration, in the format of the vTrain data set.
 *
 * @param where file and line
 * @param model the model, a GPT
 * @param seq tokens of a sequence
 * @param batch sequences of an iteration
 * @param microBatch sequences of a micro-batch
 * @param layout how it was spread
 * @param millis time of the iteration
 * @param scaleOutGBps network of the measured servers where the row names one
 * @param ports network ports of a server where the row names a network; 0 where it does not say
 */
public record Measurement(
    String where,
    ModelConfig model,
    int seq,
    int batch,
    int microBatch,
    Layout layout,
    double millis,
    OptionalDouble scaleOutGBps,
    int ports) {

  /** GPT-2's vocabulary padded as Megatron-LM pads it; the format does not name one. */
  private static final int VOCABULARY = 51_200;

  private static final List<String> COLUMNS =
      List.of(
          "# gpus",
          "global batch",
          "micro batch",
          "hidden size",
          "attention heads",
          "# layers",
          "sequence length",
          "tensor parallelism",
          "data parallelism",
          "pipeline parallelism",
          "iteration time (ms)");

  /**
   * Reads a table with the columns # GPUs, global batch, micro batch, hidden size, attention heads,
   * # layers, sequence length, tensor parallelism, data parallelism, pipeline parallelism and
   * iteration time (ms). A row may also have virtual stages (interleaved chunks of each stage),
   * scale out (GB/s), the network of one GPU, and with it network ports, those of a server. Others
   * are ignored.
   *
   * @param text the file
   * @param file its name for errors
   * @throws BadInput with file and line if a column is missing or a row does not divide
   */
  public static List<Measurement> read(Reader text, String file) {
    List<Measurement> rows = new ArrayList<>();
    List<String> names = List.of();
    for (Csv.Row row : Csv.readVerbatim(text, file)) {
      if (rows.isEmpty()) names = columns(row, file);
      rows.add(measurement(row, names));
    }
    if (rows.isEmpty()) throw new BadInput(file + ": no measurements; add a row for each");
    return rows;
  }

  private static List<String> columns(Csv.Row row, String file) {
    List<String> header = List.copyOf(row.record().getParser().getHeaderNames());
    List<String> found = new ArrayList<>();
    for (String wanted : COLUMNS) {
      found.add(
          header.stream()
              .filter(h -> h.strip().toLowerCase(Locale.ROOT).equals(wanted))
              .findFirst()
              .orElseThrow(() ->
                  new BadInput(
                      file
                          + ":1: the column \""
                          + wanted
                          + "\" is missing; the columns are "
                          + String.join(", ", COLUMNS))));
    }
    return found;
  }

  private static Measurement measurement(Csv.Row row, List<String> names) {
    int gpus = row.requiredCount(names.get(0));
    int hidden = row.requiredCount(names.get(3));
    int heads = row.requiredCount(names.get(4));
    int layers = row.requiredCount(names.get(5));
    int seq = row.requiredCount(names.get(6));
    double millis = row.requiredNumber(names.get(10));
    if (!(millis > 0)) {
      throw new BadInput(row.where() + ": the iteration time must be positive, found " + millis);
    }
    try {
      ModelConfig model =
          ModelShapes.parse(
              String.format(
                  Locale.ROOT,
                  "arch=gpt,layers=%d,hidden=%d,heads=%d,vocab=%d,context=%d",
                  layers,
                  hidden,
                  heads,
                  VOCABULARY,
                  seq));
      Layout layout =
          new Layout(
              row.requiredCount(names.get(7)),
              1,
              row.requiredCount(names.get(9)),
              row.requiredCount(names.get(8)),
              1,
              row.number("virtual stages").isPresent() ? row.requiredCount("virtual stages") : 1);
      if (layout.gpus() != gpus) {
        throw new BadInput("layout " + layout + " is not for " + gpus + " GPUs");
      }
      Measurement m =
          new Measurement(
              row.where(),
              model,
              seq,
              row.requiredCount(names.get(1)),
              row.requiredCount(names.get(2)),
              layout,
              millis,
              row.number("scale out (GB/s)"),
              row.number("network ports").isPresent() ? row.requiredCount("network ports") : 0);
      layout.check(model, seq, m.batch, m.microBatch);
      return m;
    } catch (BadInput e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(row.where()) ? e : new BadInput(row.where() + ": " + message, e);
    }
  }

  /**
   * The servers it was measured on: those of the conditions, with the row's own network.
   *
   * @param conditions what the table was measured on
   */
  public Machine machine(Conditions conditions) {
    return scaleOutGBps.isPresent()
        ? conditions.machine().withScaleOut(scaleOutGBps.getAsDouble(), where).withPorts(ports)
        : conditions.machine();
  }

  /**
   * The run that was measured, under the conditions that the table does not name.
   *
   * @param conditions what it was measured on
   */
  public TrainingRun run(Conditions conditions) {
    return new TrainingRun(
        model,
        seq,
        batch,
        microBatch,
        layout,
        Machine.Precision.BF16,
        conditions.recompute(),
        0,
        TrainingRun.Software.of(model, conditions.recompute(), Machine.Precision.BF16));
  }
}
